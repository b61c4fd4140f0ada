"""Reads `[release]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace.config.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseConfig:
    """`[release]`: what a release must pass before it may be promoted."""

    suites: tuple[str, ...] = ()
    """Suites whose last verdict must be a pass: `golden`, or the name of an eval suite."""
    margins: Mapping[str, float] = field(default_factory=dict)
    """`[release.margins]`: SUITE to the fall that is tolerated; by default 0.05."""
    data_drift: float = field(default=0.2, metadata={"minimum": 0.0, "maximum": 1.0})
    """Share of documents that may come, change or go after an evaluation before it counts as drifted."""


def read_release(table: Table) -> ReleaseConfig:
    """Read and check `[release]`. Raises ConfigError."""
    given = table.child("margins")
    margins = {}
    for name in given.values:
        margins[name] = float(given.read(name, float))
        if not 0 < margins[name] <= 1:
            raise given.error(f"is out of range: {margins[name]}.", name, allowed=["above 0, to 1"])
    table = Table(
        values={key: value for key, value in table.values.items() if key != "margins"},
        path=table.path,
        file=table.file,
        lines=table.lines,
    )
    return table.fill(ReleaseConfig, given={"margins": margins})
