"""What gates say of documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where in the normalised text it stands, in characters, half open."""

    start: int
    """First character."""
    end: int
    """One past the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateVerdict:
    """What one gate says of one document."""

    gate: str
    """Its name."""
    version: int
    """The version of the gate that said it."""
    verdict: Literal["pass", "fail", "error"]
    """`error`: the gate itself failed; its reason says how."""
    score: float | None
    """What the gate measured, in the unit its page names."""
    reason: str | None
    """Why, in words; None where there is nothing to say."""
    evidence: Evidence | None
    """Where it was found; None where it is no matter of a place."""


Outcome = Literal["in", "gate", "dropped", "rejected"]
"""What the gates make of a document: it is served, it waits, it is left out, or a person keeps it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the gates of a corpus make of one document."""

    outcome: Outcome
    gate: str | None
    """The first gate that keeps it out; None where none does."""
    gates: str
    """Digest of the gates that judged, with their thresholds."""
    verdicts: Sequence[GateVerdict]
    """One for each gate, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCount:
    """Documents that one gate judged in a run, by what it said."""

    passed: int = 0
    """It let them pass."""
    failed: int = 0
    """It did not, or could not judge them."""
    redacted: int = 0
    """It took something out of their text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """One gate: of a corpus that declares it, or one that could be declared."""

    gate: str
    """Its name."""
    version: int
    """Rises when its verdicts may change."""
    corpus: str | None
    """The corpus that declares it; None where none does."""
    position: int | None
    """Its place in the order of that corpus, from 0."""
    on_failure: str
    """What becomes of a document that fails."""
    thresholds: Mapping[str, Any]
    """Its other keys with their values."""
    meaning: str
    """What it looks at, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateList:
    """Declared gates by corpus in their order, then the others with their defaults."""

    gates: Sequence[GateReport]
    """One for each."""
