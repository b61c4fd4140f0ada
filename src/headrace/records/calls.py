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
    """Whether its output was."""
    errors: Sequence[Mapping[str, str]]
    """Each with `path` and `message`."""
    tokens: int
    """Input and output."""
    cost: int | None
    """Millionths of the currency; None where no price is known."""
    ms: float
    """How long it took."""
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
    """In their order; the last one is the valid one, if any is."""
    release: str | None
    """Digest of the release that served."""
    cached: str | None
    """`exact` or `semantic` where a cache had it."""
    tool_calls: Sequence[Mapping[str, Any]] = ()
    """In OpenAI's shape, instead of an output."""
    model: str | None = None
    """Id that the provider says answered."""
    cost: int | None = None
    """Of all attempts, in millionths of the currency."""
    currency: str | None = None
    """Three letters."""
    dead_letter: str | None = None
    """Id of the dead letter."""
    reason: str | None = None
    """Why it was dead-lettered."""
    warnings: Sequence[str] = ()
    """What the caller should know of it, such as another model behind the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProgress:
    """How far a batch is."""

    done: int
    """Rows that are over, those of earlier runs included."""
    total: int
    """Rows in the file."""
    failed: int
    """Rows without a valid output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What a batch did."""

    file: str
    """As it was given."""
    output: str
    """File with one line for each call."""
    rows: int
    """Rows in the file."""
    skipped: int
    """Rows that an earlier run of the batch had answered."""
    valid: int
    """Rows with a valid output, of those called now."""
    dead_lettered: int
    """Rows whose output never became valid."""
    refused: int
    """Rows that were no call, such as one without a variable; the output says why."""
    tokens: int
    """Input and output of all attempts."""
    cost: int | None
    """Millionths of the currency; None where no price is known."""
    currency: str | None = None
    """Three letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLetter:
    """A call whose output never became valid."""

    id: str
    """`dead-letter show` takes it."""
    prompt: str | None
    """Name; null for a call without one."""
    reason: str
    """Why no output was valid."""
    at: str
    """RFC 3339, UTC."""
    schema: str | None
    """Name; null for a call without one."""
    model: str
    """As it was asked for."""
    trace_id: str
    state: str = "open"
    """`open`, `resolved` or `discarded`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLetters:
    """Dead letters of calls, oldest first."""

    items: Sequence[CallLetter]
    """Without what was kept of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLetterDetail:
    """A dead letter with everything that was kept of it."""

    id: str
    """`dead-letter show` takes it."""
    prompt: str | None
    """Name; null for a call without one."""
    reason: str
    """Why no output was valid."""
    at: str
    """RFC 3339, UTC."""
    schema: str | None
    """Name; null for a call without one."""
    model: str
    """As it was asked for."""
    trace_id: str
    state: str
    """`open`, `resolved` or `discarded`."""
    settled_at: str | None
    """When it was closed."""
    settled_by: str | None
    """Who closed it."""
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
    """Of the letter."""
    resolved: bool
    """Whether it is closed now."""
    how: str
    """`stored`: an output of then is valid now; `called`: a new call gave one; else `failing` or `error`."""
    trace_id: str | None
    """The trace of the call then, which has the new one too."""
    record: str | None
    """Id of the stored record."""
    reason: str | None
    """Why it fails still."""
    tokens: int
    """Input and output."""
    cost: int | None
    """Millionths of the currency; None where no price is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What came of replaying dead letters."""

    resolved: int
    """Letters that are closed now."""
    failing: int
    """Letters that are open still."""
    tokens: int
    """Input and output."""
    cost: int | None
    """Millionths of the currency; None where no price is known."""
    items: Sequence[ReplayItem]
    """One for each letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledLetters:
    """Dead letters that were closed by hand."""

    state: str
    """`resolved` or `discarded`."""
    ids: Sequence[str]
    """As they were given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCounts:
    """Counts over the calls of one prompt, schema and model."""

    prompt: str | None
    """Name; null for calls without one."""
    schema: str | None
    """Name; null for calls without one."""
    model: str | None
    """As it was asked first."""
    calls: int
    """How many."""
    valid: int
    """Calls that gave a valid output in the end."""
    first_valid: int
    """Calls whose first output was valid as it was written."""
    repaired: int
    """Calls with a repair."""
    reasked: int
    """Calls in which a model was asked again."""
    fell_back: int
    """Calls in which another model was asked."""
    dead_lettered: int
    """Calls without a valid output."""
    fenced: int
    """Outputs unwrapped from a Markdown fence."""
    prose: int
    """Outputs cut out of prose around them."""
    syntax: int
    """Outputs whose syntax was mended."""
    truncated: int
    """Outputs that were cut off."""
    refused: int
    """Outputs that were refusals."""
    upstream_errors: int
    """Requests that the provider did not answer."""
    cached: int
    """Calls that a cache answered."""
    input_tokens: int
    """Of all attempts."""
    output_tokens: int
    """Of all attempts."""
    cost_micro: int
    """Millionths of the currency, as far as prices are known."""
    correction_ms: float
    """Time that repairs, re-asks and fallbacks took beyond the first attempts."""
    fill_rates: Mapping[str, float] = field(default_factory=dict)
    """Field of the schema to the share of readable outputs that filled it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStats:
    """What the calls of a time looked like before and after they were put right."""

    since: str
    """RFC 3339, UTC."""
    calls: int
    """How many."""
    without_schema: int
    """Calls that were checked against nothing."""
    without_prompt: int
    """Calls whose messages came from outside."""
    open_dead_letters: int
    """Of any age."""
    breakers: Mapping[str, str]
    """Model to `closed`, `open` or `half_open`, for the models that this process has called."""
    groups: Sequence[CallCounts]
    """Most calls first."""
