"""What is asked of a source: how fresh it is to be, and how often at least."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from headrace.config.durations import parse_duration
from headrace.errors import ConfigError
from headrace.records.freshness import DEFAULT_OBJECTIVE, Service


def source_name(spec: str | Mapping[str, Any]) -> str:
    """The name of a source, by the entry that configures it."""
    if isinstance(spec, str):
        return spec
    return str(spec.get("path") or spec.get("url") or spec.get("type"))


Complain = Callable[[str, str], ConfigError]
"""Makes an error of a problem and the key it is about."""


def service_of(source: object, complain: Complain | None = None) -> Service:
    """What one entry of `sources = [...]` asks for. Raises ConfigError, made by `complain`."""
    table = source if isinstance(source, Mapping) else {}
    make = complain or (lambda problem, key: ConfigError(f"`{key}` {problem}", key=key))
    age, share = table.get("freshness"), table.get("objective", DEFAULT_OBJECTIVE)
    try:
        wanted = None if age is None else parse_duration(str(age))
    except ValueError as error:
        raise make(f"is wrong: {error}.", "freshness") from error
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
        raise make("must be a share from 0 to below 1, such as 0.99.", "objective")
    return Service(
        freshness_us=None if wanted is None else round(wanted.total_seconds() * 1_000_000),
        objective=float(share),
    )
