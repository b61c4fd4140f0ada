"""A stratified random sample of each period that is over, whatever signals say of its traces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

Rank = Callable[[str], str]
"""Gives each trace a place that looks random and is always the same: a keyed hash."""


class Drawn(NamedTuple):
    """A trace that was drawn."""

    trace_id: str
    stratum: str
    probability: float
    """With which any trace of its stratum was drawn."""


class Stratum(NamedTuple):
    """How many there were and how many were drawn."""

    name: str
    frame: int
    drawn: int


def ended_periods(*, since_us: int, now_us: int, period_us: int) -> list[tuple[int, int]]:
    """The periods, counted from 1970, that lie in a window and are over."""
    first = -(-since_us // period_us)
    last = now_us // period_us
    return [(place * period_us, (place + 1) * period_us) for place in range(first, last)]


def stratified(
    strata: Mapping[str, Sequence[str]], n: int, *, rank: Rank
) -> tuple[list[Drawn], list[Stratum]]:
    """Draw n traces, from each stratum its share and at least one.

    Which ones depends on the traces alone, not on the order in which they came.
    """
    total = sum(len(traces) for traces in strata.values())
    drawn, counts = [], []
    for name in sorted(strata):
        traces = sorted(set(strata[name]))
        take = min(len(traces), max(1, round(n * len(traces) / total))) if n and traces else 0
        chosen = sorted(traces, key=lambda trace: (rank(trace), trace))[:take]
        drawn += [Drawn(trace, name, take / len(traces)) for trace in chosen]
        counts.append(Stratum(name, len(traces), take))
    return drawn, counts


def by_stratum(named: Mapping[str, str]) -> dict[str, list[str]]:
    """Trace to its stratum, turned round."""
    found: dict[str, list[str]] = defaultdict(list)
    for trace, stratum in named.items():
        found[stratum].append(trace)
    return found
