"""What gates keep out, what people decided about it, and what a change of the gates would move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from headrace.records.gates import Evidence, GateVerdict
from headrace.records.sync import SyncReport

QuarantineState = Literal["waiting", "dropped", "released", "rejected"]
"""It waits for a decision, a gate leaves it out, it was let in, or it was kept out for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineItem:
    """One revision of a document that a gate keeps out, or that a person decided on."""

    id: str
    """Names the revision: another one has another id."""
    corpus: str
    """Name of the corpus."""
    document: str
    """URI."""
    revision: str
    """Digest of its bytes."""
    state: QuarantineState
    """`waiting`, `dropped`, `released` or `rejected`."""
    gate: str
    """The first gate that it failed."""
    version: int
    """Of that gate."""
    score: float | None
    """What the gate measured."""
    reason: str | None
    """Why it failed, in words."""
    evidence: Evidence | None
    """Where it was found."""
    gates: Sequence[str]
    """Every gate that would keep it out, in their order."""
    since_us: int
    """Since when it is kept out, UTC microseconds."""
    serves: bool
    """Whether this or a former revision of the document is served."""
    decided_by: str | None = None
    """Who decided; None while nobody did."""
    decided_at_us: int | None = None
    """When, UTC microseconds."""
    decision: str | None = None
    """Why it was decided so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """What gates keep out."""

    items: Sequence[QuarantineItem]
    """Those that were asked for, by corpus and document."""
    waiting: Mapping[str, int]
    """How many wait, by gate, whatever was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The text around the evidence, without personal data and secrets."""

    text: str
    """With `[TYPE]` in place of what must not be shown."""
    start: int
    """Where it begins in the normalised text, in characters, before anything was taken out."""
    end: int
    """Where it ends; one past the last."""
    marked: Evidence | None
    """Where in `text` the evidence stands; None where there is none or it was taken out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineDetail:
    """Everything that is known of one item."""

    item: QuarantineItem
    """As it is listed."""
    verdicts: Sequence[GateVerdict]
    """Of each gate, in their order."""
    excerpt: Excerpt | None
    """Read again from the source."""
    note: str
    """Why there is no excerpt; empty where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReport:
    """What was decided or tried again, and what came of it."""

    items: Sequence[QuarantineItem]
    """As they stand now."""
    served: Sequence[str]
    """Documents of these, as `corpus/URI`, that came in."""
    withdrawn: Sequence[str]
    """Documents of these that went out."""
    syncs: Sequence[SyncReport]
    """The syncs that did it, one for each corpus that needed one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateMove:
    """A document that comes in or goes out because of its gates."""

    document: str
    """URI."""
    move: Literal["enters", "leaves"]
    """`enters`: it comes in. `leaves`: it is withdrawn."""
    gate: str | None
    """The gate that keeps it out from now on, or did until now."""
    reason: str
    """What that gate said; empty where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveCount:
    """Moves that one gate is the reason of."""

    enters: int = 0
    """Documents that come in."""
    leaves: int = 0
    """Documents that are withdrawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusReplay:
    """What the gates of a corpus, as they are declared now, move."""

    corpus: str
    """Name of the corpus."""
    changed: bool
    """Whether what is declared differs from what serves; else nothing can move."""
    applied: bool
    """Whether it happened; else it is what would happen."""
    moves: Sequence[GateMove]
    """By document."""
    by_gate: Mapping[str, MoveCount]
    """How many move because of each gate."""
    stored: int
    """Documents that stored verdicts could tell of."""
    judged: int
    """Documents that were read and judged again."""
    failures: Mapping[str, str]
    """Documents that could not be judged again, with the reason."""
    sync: SyncReport | None = None
    """The sync that moved them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What a change of the gates moves."""

    corpora: Sequence[CorpusReplay]
    """One for each."""
