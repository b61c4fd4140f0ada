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
    """One more than there are classes."""
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
    """What was said."""
    documents: int
    """Of how many documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateExample:
    """A document that did not pass."""

    document: str
    """URI."""
    verdict: Literal["fail", "error"]
    """`error`: the gate itself failed."""
    score: float | None
    """What the gate measured."""
    reason: str | None
    """Why, in words."""
    evidence: Evidence | None
    """Where it was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDistribution:
    """One gate over the documents of a corpus."""

    gate: str
    """Its name."""
    version: int
    """The version that judged."""
    on_failure: str
    """What becomes of a document that fails."""
    passed: int
    """Documents that passed."""
    failed: int
    """Documents that did not."""
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
    """Those farthest from the limits first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusGates:
    """The gates of one corpus, as they judged what serves and what waits."""

    corpus: str
    """Name of the corpus."""
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
    """In their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDistributions:
    """A report on the gates of a workspace."""

    corpora: Sequence[CorpusGates]
    """One for each."""
