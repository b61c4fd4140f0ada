"""What the operations on traces give back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

TracePurpose = Literal["eval", "training"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLine:
    """One trace in a list."""

    trace_id: str
    """`headrace trace show` takes it."""
    name: str
    """Of its outermost span."""
    kind: str
    """Of its outermost span."""
    started: str
    """RFC 3339."""
    ended_ns: int
    """End of its last span, Unix nanoseconds."""
    ms: float
    """From the start of its first span to the end of its last."""
    spans: int
    """Spans of it."""
    errors: int
    """Spans that ended with an error."""
    status: str
    """`error` where its outermost span failed."""
    service: str | None = None
    """Who sent it; None for what this workspace did."""
    session: str | None = None
    """Session it belongs to."""
    subject: str | None = None
    """Keyed hash of the user."""
    release: str | None = None
    """Digest of the release that served."""
    models: Sequence[str] = ()
    """Models that answered."""
    prompts: Sequence[str] = ()
    """Digests of versions."""
    input_tokens: int | None = None
    """Tokens that models were given."""
    output_tokens: int | None = None
    """Tokens that models wrote."""
    cost_micro: int | None = None
    """Millionths of the currency."""
    currency: str | None = None
    """None as well where spans have several."""
    p_bad: float | None = None
    """P(bad) of the answer, where it was asked for."""
    why: Sequence[str] = ()
    """What speaks for bad, most first."""
    question: str | None = None
    """What was asked, where it was asked for and may be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceList:
    """Traces, newest first."""

    traces: Sequence[TraceLine]
    """At most as many as were asked for."""
    next: str | None
    """Where the next page begins; None at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceChunk:
    """A chunk that a span was given."""

    document: str
    """`corpus/URI`, as far as the span tells."""
    chunk_id: str
    """Id of the chunk."""
    score: float | None
    """As the search gave it."""
    cited: bool
    """Whether the answer cited it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSpan:
    """A span in the tree of its trace."""

    span_id: str
    """16 hex characters."""
    parent_span_id: str | None
    """The span above it."""
    depth: int
    """0 for the outermost."""
    name: str
    """As it was written."""
    kind: str
    """Such as `ask`, `call` or `tool`."""
    status: str
    """`ok`, `error` or `unset`."""
    start_ms: float
    """After the start of the trace."""
    ms: float
    """How long it took, in milliseconds."""
    error: str | None = None
    """What went wrong."""
    model: str | None = None
    """Model that answered."""
    prompt: str | None = None
    """Digest of the version of its prompt."""
    input_tokens: int | None = None
    """As the span tells."""
    output_tokens: int | None = None
    """As the span tells."""
    cost_micro: int | None = None
    """Millionths of the currency."""
    currency: str | None = None
    """Three letters."""
    chunks: Sequence[TraceChunk] = ()
    """Chunks that it was given or cited."""
    attempts: Sequence[Mapping[str, Any]] = ()
    """Of a call: model, whether valid, repair, milliseconds, tokens."""
    input: Any = None
    """What it was given, as it is kept."""
    output: Any = None
    """What it gave, as it is kept."""
    children: int = 0
    """Spans right below it."""
    hidden: int = 0
    """Spans below it that a summary leaves out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSignal:
    """What was said of a trace."""

    kind: str
    """Such as `thumbs`."""
    value: Any
    """As its kind wants it."""
    at: str
    """When, RFC 3339."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceReport:
    """A whole trace."""

    trace: TraceLine
    """The trace in one line."""
    spans: Sequence[TraceSpan]
    """Depth first; of a large trace the outer ones, the failed ones and the slowest."""
    hidden: int
    """Spans that are left out."""
    closed: bool
    """Whether texts are left out because a document may not be read by the caller."""
    signals: Sequence[TraceSignal] = ()
    """What users said of it, and did with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStats:
    """How much is kept, and what it cost."""

    spans: int
    """In both stores."""
    traces: int
    """Of both stores."""
    hot: int
    """Spans in the event store."""
    cold: int
    """Spans in files that are read."""
    cold_bytes: int
    """Size of those files."""
    archived: int
    """Spans in files that are no longer read."""
    quarantined: int
    """Spans that were received and could not be kept."""
    held: int
    """Holds that are in force."""
    errors: int
    """Spans that ended with an error."""
    input_tokens: int
    """Tokens that models were given."""
    output_tokens: int
    """Tokens that models wrote."""
    cost_micro: Mapping[str, int] = field(default_factory=dict)
    """Currency to millionths."""
    kinds: Mapping[str, int] = field(default_factory=dict)
    """Kind to spans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceExport:
    """What was written to a file."""

    out: str
    """The file."""
    traces: int
    """Traces that were written."""
    spans: int
    """Spans that were written."""
    bytes: int
    """Size of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedDay:
    """A day from which spans were moved."""

    day: str
    """UTC day."""
    spans: int
    """Spans that were moved."""
    bytes: int
    """Size of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveReport:
    """What `[traces.keep]` led to."""

    moved: int
    """Spans that went from the event store into files."""
    bytes: int
    """Of the files that were written."""
    days: Sequence[ArchivedDay]
    """Days from which spans moved, oldest first."""
    archived: int
    """Spans in files that are no longer read."""
    deleted: int
    """Spans that were kept for long enough."""
    held: int
    """Spans that stay because they are held."""
    seconds: float
    """How long it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceHold:
    """Traces that are neither moved nor deleted."""

    id: str
    """`headrace trace hold release` takes it."""
    trace_id: str | None
    """The trace that is held, where one is named."""
    subject: str | None
    """Keyed hash of a user."""
    since: str | None
    """Spans that ended then or later, RFC 3339."""
    until: str | None
    """Spans that ended before, RFC 3339."""
    reason: str
    """As it was given."""
    actor: str
    """Who did it."""
    added: str
    """When, RFC 3339."""
    released: str | None
    """When, RFC 3339; None while it holds."""
    released_by: str | None
    """Who released it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldList:
    """Holds, newest first."""

    holds: Sequence[TraceHold]
    """Newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSelection:
    """Traces that may serve a purpose."""

    purpose: TracePurpose
    """`eval` or `training`."""
    traces: Sequence[str]
    """Newest first."""
    refused: int
    """Traces that met the conditions and may not serve it."""
    next: str | None
    """Where the next page begins; None at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDecision:
    """What a user decided."""

    subject: str
    """Keyed hash of the user."""
    purpose: TracePurpose
    """`eval` or `training`."""
    allowed: bool
    """Whether they allowed it."""
    at: str
    """When, RFC 3339."""
    actor: str
    """Who did it."""
    reason: str
    """As it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentReport:
    """What a user allows now, and how that came."""

    subject: str
    """Keyed hash of the user."""
    allows: Mapping[str, bool]
    """Purpose to whether the user's words may serve it."""
    history: Sequence[ConsentDecision]
    """Newest first."""
    withdrawn: Mapping[str, int] = field(default_factory=dict)
    """What this decision took out of golden sets, eval runs and versions of datasets: store to items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentList:
    """Decisions of all users, newest first."""

    decisions: Sequence[ConsentDecision]
    """Newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedOutput:
    """What a trace gave, then or now."""

    output: str
    """What it gave."""
    model: str | None
    """Model that answered."""
    prompt: str | None
    """Digest of the version."""
    valid: bool | None
    """Of a call: whether it fits its schema; None without one."""
    input_tokens: int | None
    """Tokens that models were given."""
    output_tokens: int | None
    """Tokens that models wrote."""
    cost_micro: int | None
    """Millionths of the currency."""
    currency: str | None
    """Three letters."""
    ms: float
    """How long it took, in milliseconds."""
    retrieved: Sequence[str] = ()
    """Chunk ids, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedTrace:
    """A trace, and what came of asking the same again."""

    trace_id: str
    """32 hex characters."""
    kind: str
    """ask, call or search; the output of a search is its documents, one in a line."""
    before: ReplayedOutput
    """What it gave then."""
    after: ReplayedOutput | None
    """None where it could not be asked again."""
    same: bool
    """Whether the outputs are equal, spaces at their ends aside."""
    diff: Sequence[str]
    """Lines of a unified difference."""
    overlap: float | None
    """Chunks that both were given, as a share of all; None where nothing was retrieved."""
    error: str | None = None
    """Why it could not be asked again."""
    left_out: Sequence[str] = ()
    """Variables of a call that the prompt tried does not take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """Traces asked again; nothing of it was recorded."""

    traces: Sequence[ReplayedTrace]
    """In the order asked for."""
    same: int
    """Traces that gave the same."""
    changed: int
    """Traces that gave something else."""
    failed: int
    """Could not be asked again."""
    skipped: int
    """Traces without an answer or a call that can be asked again."""
