"""Which documents were found often and did badly: pure functions over exposures and bad outcomes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from headrace.flows.wilson import wilson

WEIGHTS: Mapping[str, float] = {
    "marked": 1.0,
    "refused": 0.7,
    "not_cited": 0.5,
    "low_quality": 0.5,
    "low_score": 0.3,
}
"""Kind of bad outcome to how bad it is, 0 to 1."""
MINIMUM_EXPOSURES = 5
LEAST_RATE = 0.2
"""A sure rate below this is no rot."""
_Z = 1.6449
"""Quantile of the normal distribution for a bound that holds in 95 %."""

Name = tuple[str, str]
"""Corpus and URI."""


class Exposure(NamedTuple):
    """One call that gave a document a rank where it could help or harm."""

    name: Name
    trace_id: str
    end_ns: int


class Outcome(NamedTuple):
    """Something bad that came of a document in a call. Signals of users join here with weights of theirs."""

    name: Name
    trace_id: str
    kind: str
    weight: float


class Rot(NamedTuple):
    """How one document did."""

    name: Name
    exposures: int
    bad: float
    at_least: float
    outcomes: dict[str, int]
    example: str

    @property
    def harm(self) -> float:
        """Calls that surely went badly."""
        return self.at_least * self.exposures


def rotten(
    exposures: Iterable[Exposure],
    outcomes: Iterable[Outcome],
    *,
    minimum_exposures: int = MINIMUM_EXPOSURES,
    least_rate: float = LEAST_RATE,
) -> list[Rot]:
    """Documents by the harm they surely did, most first.

    A call counts once for a document, as badly as its worst outcome; an outcome of a call that did not show
    the document counts nothing. The rate is Wilson's lower bound, so that a document that was met a few times
    does not lead the list.
    """
    calls: dict[Name, dict[str, int]] = defaultdict(dict)
    for exposure in exposures:
        seen = calls[exposure.name]
        seen[exposure.trace_id] = max(exposure.end_ns, seen.get(exposure.trace_id, 0))
    worst: dict[Name, dict[str, float]] = defaultdict(dict)
    kinds: dict[Name, set[tuple[str, str]]] = defaultdict(set)
    for outcome in outcomes:
        if outcome.trace_id in calls.get(outcome.name, {}) and outcome.weight > 0:
            bad = worst[outcome.name]
            bad[outcome.trace_id] = max(min(outcome.weight, 1.0), bad.get(outcome.trace_id, 0.0))
            kinds[outcome.name].add((outcome.kind, outcome.trace_id))
    found = []
    for name, bad in worst.items():
        total, weight = len(calls[name]), sum(bad.values())
        bound = wilson_lower(weight, total)
        if total >= minimum_exposures and bound >= least_rate:
            newest = max(bad, key=lambda trace: (calls[name][trace], trace))
            counted = dict(sorted(Counter(kind for kind, _ in kinds[name]).items()))
            found.append(Rot(name, total, round(weight, 3), round(bound, 4), counted, newest))
    return sorted(found, key=lambda rot: (-rot.harm, rot.name))


def wilson_lower(bad: float, total: int) -> float:
    """The lower end of Wilson's interval for a rate, one-sided at 95 %; `bad` may be a sum of weights."""
    return wilson(bad, total, z=_Z)[0] if total > 0 else 0.0
