"""The one registry: entry points `headrace.<kind>`, loaded only when the configuration names them."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, Literal

from headrace.errors import ConfigError

Kind = Literal["embedder", "gate", "model", "source", "parser", "reranker", "scorer", "validator"]
"""A closed set: each is a Protocol of the room of that name."""


def names(kind: Kind) -> list[str]:
    """Names that installed packages offer for a kind; nothing is loaded."""
    return sorted({point.name for point in entry_points(group=f"headrace.{kind}")})


def load(kind: Kind, name: str) -> Callable[..., Any]:
    """Load the factory of a plugin. Raises ConfigError where none or more than one owns the name."""
    points = [point for point in entry_points(group=f"headrace.{kind}") if point.name == name]
    if not points:
        known = names(kind)
        near = difflib.get_close_matches(name, known, n=1)
        raise ConfigError(
            f"No {kind} plugin {name!r} is installed.",
            key=kind,
            allowed=known,
            nearest=near[0] if near else None,
        )
    if len(points) > 1:
        owners = ", ".join(str(point.dist.name if point.dist else point.value) for point in points)
        raise ConfigError(f"More than one package offers the {kind} {name!r}: {owners}. Remove all but one.")
    try:
        factory: Callable[..., Any] = points[0].load()
    except Exception as error:
        raise ConfigError(
            f"The {kind} plugin {name!r} ({points[0].value}) cannot be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
    return factory
