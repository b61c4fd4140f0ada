"""From what a suite names to what is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from headrace.curate.evals.base import Target
from headrace.curate.evals.suite import Suite
from headrace.errors import UsageError
from headrace.flows.evals.endpoints import open_endpoint
from headrace.flows.evals.functions import open_function

Opener = Callable[[Suite, str], Target]
"""From a suite and what stands after the colon to a target."""


def open_target(suite: Suite, *, kinds: Mapping[str, Opener], root: Path, python: bool) -> Target:
    """The target of a suite. Raises UsageError, ConfigError, NotFoundError."""
    name = suite.target.strip()
    if name.startswith(("http://", "https://")):
        return open_endpoint(name, template=suite.template, output=suite.output, version=suite.version)
    if ".py:" in name:
        return open_function(root, name, allowed=python)
    kind, _, rest = name.partition(":")
    if kind not in kinds:
        listed = ", ".join(sorted(kinds))
        raise UsageError(
            f"There is no target {name!r}.",
            hint=f"Allowed: {listed}, an http:// address, or evals/FILE.py:NAME.",
        )
    return kinds[kind](suite, rest)
