"""What traces are turned into, and what the operations on it give back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

ItemKind = Literal["case", "row", "pair"]
"""A draft case of a golden set, a training row, or a pair of a rejected and a chosen answer."""
ItemState = Literal["new", "accepted", "edited", "rejected", "merged", "skipped"]
"""Edited: accepted with another text. Skipped: left for later."""
Origin = Literal["observed", "edited", "corrected"]
"""The text to be learnt is the model's as it was, the model's after a user's edit, or a user's own."""
Cause = Literal["prompt", "retrieval gap", "missing tool", "document", "model", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLink:
    """Why an item is there."""

    trace_id: str
    """`headrace why` shows it."""
    rule: str
    """The rule that found it, or `sample`."""
    at: str
    """When the trace ended, RFC 3339."""
    probability: float | None
    """With which it was drawn, where it was."""
    evidence: Mapping[str, Any]
    """What the rule saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurationItem:
    """A draft that waits for a decision, or had one."""

    id: str
    """Its id."""
    kind: ItemKind
    """case, row or pair."""
    into: str
    """The golden set or dataset."""
    state: ItemState
    """What became of it."""
    rule: str
    """The first rule that found it."""
    traces: int
    """Traces that led to it."""
    owner: str | None
    """Who looks after it."""
    noticed_at: str
    """When it was drafted, RFC 3339."""
    decided_at: str | None
    """When somebody decided, RFC 3339."""
    actor: str | None
    """Who decided, or the rule that needed nobody."""
    note: str | None
    """Why it was decided so."""
    merged_into: str | None
    """The item that stands for it."""
    delivered: bool
    """Whether the golden set or dataset has it."""
    result: str | None
    """Id of what it became there."""
    depth: int
    """Generations of models between it and people."""
    origin: Origin
    """Whose text is to be learnt."""
    question: str | None
    """What was asked; None once it is erased."""
    observed: str | None
    """What was answered."""
    expected: str | None
    """What should be answered, as far as anybody said; of a row or pair what is to be learnt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDetail:
    """An item with everything it rests on."""

    item: CurationItem
    """The item."""
    links: Sequence[ItemLink]
    """Oldest trace first."""
    body: Mapping[str, Any]
    """What would go into the golden set or dataset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemList:
    """Items, oldest first."""

    counts: Mapping[str, int]
    """State to how many items are in it, of all."""
    items: Sequence[CurationItem]
    """At most as many as were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurationRun:
    """What one run did."""

    run: str
    """Its id."""
    looked: int
    """Traces that were looked at."""
    again: int
    """Those of them that were looked at before and had news."""
    matched: Mapping[str, int]
    """Rule to the traces it found."""
    items: int
    """Items that are new."""
    linked: int
    """Traces that are newly tied to an item."""
    sampled: int
    """Traces drawn at random from the periods that ended."""
    repeated: int
    """Drafts that an item says already, or nearly: it has one more trace."""
    left_out: Mapping[str, int]
    """Reason to what was not taken, such as consent or an edit that is too small."""
    delivered: int
    """Accepted items that went into golden sets and datasets."""
    withdrawn: int
    """Open items that are closed because a user took consent back."""
    waiting: int
    """Items that wait for a decision."""
    seconds: float
    """How long it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided."""

    state: ItemState
    """What they are now."""
    items: Sequence[CurationItem]
    """In the order in which they were named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """What speaks for a cause."""

    cause: Cause
    """The kind of cause."""
    share: float
    """Of the traces of the pattern that show it, 0 to 1."""
    evidence: str
    """How many traces show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Failures that are alike."""

    pattern: str
    """Name, the same as long as its first item is."""
    label: str
    """The words that set it apart."""
    items: int
    """Drafts."""
    traces: int
    """Failing traces."""
    share: float
    """Of the failing traces, 0 to 1."""
    open: int
    """Items that wait for a decision."""
    rules: Mapping[str, int]
    """Rule to how often it found them."""
    cause: Cause
    """What most of the traces show."""
    leads: Sequence[Lead]
    """What speaks for each cause, most first."""
    owner: str | None
    """Of most of its drafts."""
    noticed_at: str
    """Of its first item."""
    examples: Sequence[ItemLink]
    """The newest traces."""
    questions: Sequence[str]
    """Of the examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long a stage takes; what is still open counts as longer than it has been."""

    stage: str
    """Such as `noticed → triaged`."""
    done: int
    """How many are through."""
    open: int
    """How many are not."""
    median_seconds: float | None
    """Kaplan and Meier; None while fewer than half are done."""
    p90_seconds: float | None
    """The 90th percentile, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurationReport:
    """What goes wrong again and again, and how soon anybody looks."""

    since: str
    """Items noticed from then on, RFC 3339."""
    items: int
    """Draft cases that a rule found."""
    traces: int
    """Failing traces behind them."""
    patterns: Sequence[Pattern]
    """Most traces first."""
    alone: int
    """Items that are like no other."""
    latencies: Sequence[Latency]
    """How long each stage takes."""
    states: Mapping[str, int]
    """State to how many items are in it."""
