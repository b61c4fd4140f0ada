"""What the operations on calls give back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptReport:
    """One try inside a call."""

    kind: str
    """`first`, `repair`, `reask` or `fallback`."""
    valid: bool
    errors: Sequence[Mapping[str, str]]
    """Each with `path` and `message`."""
    tokens: int
    """Input and output."""
    cost: int | None
    """Millionths of the currency; None where no price is known."""
    ms: float
    model: str
    """Id that the provider says answered."""
    repair: str | None = None
    """`fence`, `prose` or `syntax`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """What a call gave back."""

    output: Any
    """The valid value, or the text of a call without a schema; null for a call that was dead-lettered."""
    record: str | None
    """Id of the stored record."""
    trace_id: str
    attempts: Sequence[AttemptReport]
    release: str | None
    cached: str | None
    """`exact` or `semantic` where a cache had it."""
    tool_calls: Sequence[Mapping[str, Any]] = ()
    model: str | None = None
    cost: int | None = None
    """Of all attempts, in millionths of the currency."""
    currency: str | None = None
    dead_letter: str | None = None
    """Id of the dead letter."""
    reason: str | None = None
    """Why it was dead-lettered."""
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProgress:
    """How far a batch is."""

    done: int
    total: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What a batch did."""

    file: str
    output: str
    """File with one line for each call."""
    rows: int
    """Rows in the file."""
    skipped: int
    """Rows that an earlier run of the batch had answered."""
    valid: int
    dead_lettered: int
    refused: int
    """Rows that were no call, such as one without a variable; the output says why."""
    tokens: int
    cost: int | None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLetter:
    """A call whose output never became valid."""

    id: str
    prompt: str | None
    reason: str
    at: str
    """RFC 3339, UTC."""
    schema: str | None
    model: str
    trace_id: str
    state: str = "open"
    """`open`, `resolved` or `discarded`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLetters:
    """Dead letters of calls, oldest first."""

    items: Sequence[CallLetter]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLetterDetail:
    """A dead letter with everything that was kept of it."""

    id: str
    prompt: str | None
    reason: str
    at: str
    schema: str | None
    model: str
    trace_id: str
    state: str
    settled_at: str | None
    settled_by: str | None
    settled_trace: str | None
    """The call that gave a valid output in the end."""
    request: Mapping[str, Any] | None
    """As it was made; null once the letter is settled."""
    attempts: Sequence[Mapping[str, Any]]
    """Each with `raw_output`; empty once the letter is settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayItem:
    """What came of one dead letter."""

    id: str
    resolved: bool
    how: str
    """`stored`: an output of then is valid now; `called`: a new call gave one; else `failing` or `error`."""
    trace_id: str | None
    record: str | None
    reason: str | None
    """Why it fails still."""
    tokens: int
    cost: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What came of replaying dead letters."""

    resolved: int
    failing: int
    tokens: int
    cost: int | None
    items: Sequence[ReplayItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledLetters:
    """Dead letters that were closed by hand."""

    state: str
    ids: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCounts:
    """Counts over the calls of one prompt, schema and model."""

    prompt: str | None
    schema: str | None
    model: str | None
    calls: int
    valid: int
    first_valid: int
    """Calls whose first output was valid as it was written."""
    repaired: int
    reasked: int
    fell_back: int
    dead_lettered: int
    fenced: int
    """Outputs unwrapped from a Markdown fence."""
    prose: int
    """Outputs cut out of prose around them."""
    syntax: int
    """Outputs whose syntax was mended."""
    truncated: int
    refused: int
    upstream_errors: int
    cached: int
    input_tokens: int
    output_tokens: int
    cost_micro: int
    correction_ms: float
    """Time that repairs, re-asks and fallbacks took beyond the first attempts."""
    fill_rates: Mapping[str, float] = field(default_factory=dict)
    """Field of the schema to the share of readable outputs that filled it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStats:
    """What the calls of a time looked like before and after they were put right."""

    since: str
    calls: int
    without_schema: int
    """Calls that were checked against nothing."""
    without_prompt: int
    open_dead_letters: int
    groups: Sequence[CallCounts]
    """Most calls first."""
