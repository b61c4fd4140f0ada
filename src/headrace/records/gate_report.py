"""How the documents of a corpus fare with its gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from headrace.records.gates import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Scores in classes: class i reaches from `edges[i]` to `edges[i + 1]`."""

    edges: Sequence[float]
    passed: Sequence[int]
    """Documents of each class that passed."""
    failed: Sequence[int]
    """Documents of each class that failed, those that were redacted included."""
    scale: Literal["linear", "logarithmic"]
    """How the classes are spaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount:
    """How often something was said; figures in it stand as `#`."""

    reason: str
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GateExample:
    """A document that did not pass."""

    document: str
    verdict: Literal["fail", "error"]
    score: float | None
    reason: str | None
    evidence: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDistribution:
    """One gate over the documents of a corpus."""

    gate: str
    version: int
    on_failure: str
    passed: int
    failed: int
    redacted: int
    """Those whose text was changed and that are served; they are not among the failed."""
    errors: int
    """Documents that it could not judge."""
    waiting: int
    """Documents that wait because of it first."""
    limits: Mapping[str, float]
    """Its keys that compare with the score."""
    scores: Histogram | None
    """None where it measures nothing."""
    reasons: Sequence[ReasonCount]
    """What it said of documents that did not pass, the most frequent first."""
    examples: Sequence[GateExample]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusGates:
    """The gates of one corpus, as they judged what serves and what waits."""

    corpus: str
    documents: int
    """Documents that were judged."""
    unjudged: int
    """Documents that serve and that no gate has judged."""
    states: Mapping[str, int]
    """How many are in, wait, are dropped and are rejected."""
    judged_from_us: int | None
    """When the oldest of these verdicts was given, UTC microseconds…"""
    judged_to_us: int | None
    """…and the newest."""
    gates: Sequence[GateDistribution]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDistributions:
    """A report on the gates of a workspace."""

    corpora: Sequence[CorpusGates]
