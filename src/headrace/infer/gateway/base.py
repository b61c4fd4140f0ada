"""What goes into a call, and what stands around it: the vault, the caches and the keeper of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from headrace.infer.schemas.base import Schema
from headrace.records.keys import Caller

VaultPolicy = Literal["off", "on", "strict"]
"""`on`: values become tokens; what cannot be protected is marked. `strict`: then the call is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptVersion:
    """The prompt a call was rendered from, as it was resolved."""

    name: str
    digest: str
    label: str | None = None
    """The label by which it was asked for, such as `production`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """A chunk that a call was given."""

    corpus: str
    document: str
    """Stable URI."""
    revision: str
    chunk_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one call may use, all its attempts together; None is no bound."""

    attempts: int = 4
    """Requests to models, the first one included."""
    tokens: int | None = None
    """Input and output."""
    cost_micro: int | None = None
    """Millionths of the currency that the models bill in."""
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureUse:
    """A feature as a call saw it: what a training row has to hold."""

    variable: str
    """Of the prompt."""
    name: str
    """`view:column`."""
    value: Any
    status: Literal["ok", "missing", "expired", "given"]
    """`given`: the caller brought the value. Of a missing or expired one the default stands here."""
    event_time: str | None
    """From when it holds, RFC 3339."""
    entity: Mapping[str, str]
    """Key column to keyed hash of the key."""


@runtime_checkable
class TurnKeeper(Protocol):
    """Keeps what was said in the session of a call."""

    @property
    def warnings(self) -> Sequence[str]:
        """What the caller should know of the history that the call was given."""
        ...

    def facts(self) -> Mapping[str, Any]:
        """What of the session went into the call, for its span."""
        ...

    def keep(self, answer: str, *, trace_id: str, documents: Sequence[str]) -> Future[Any]:
        """Add the question and its answer, which draws on documents `corpus/URI`; resolves when durable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """One inference with everything that shapes it."""

    messages: Sequence[Mapping[str, Any]]
    """Rendered chat messages in OpenAI's shape, tool calls and tool results included."""
    model: str
    """`extractive`, `<provider>` or `<provider>:<model>`, as in the configuration."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Passed on: temperature, max_tokens, seed and the like."""
    tools: Sequence[Mapping[str, Any]] = ()
    """Tool definitions in OpenAI's shape."""
    schema: Schema | None = None
    """What the output must look like; None takes any text, and that is counted."""
    prompt: PromptVersion | None = None
    """None for a call whose messages come from outside."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    fallbacks: Sequence[str] = ()
    """Models to try, in order, when the first one fails or its output never becomes valid."""
    retrieved: Sequence[Retrieved] = ()
    access: Sequence[str] = ()
    """Access labels of the caller."""
    session: str | None = None
    """Within it equal personal values get equal tokens."""
    subject: str | None = None
    """The user on whose behalf the call is made; its span has only a keyed hash of it."""
    subject_key: str | None = None
    """That hash, where the name is not known any more."""
    conversation: TurnKeeper | None = None
    """Where a valid answer is added to its session before the caller has it."""
    features: Sequence[FeatureUse] = ()
    """What the prompt was given of the online store."""
    profile: Mapping[str, Any] | None = None
    """Which profile it was given: name, version, schema version."""
    vault: VaultPolicy = "off"
    budget: Budget = field(default_factory=Budget)
    idempotency_key: str | None = None
    """Calls with the same key and the same content are one call."""
    keep: bool = True
    """Whether a valid output is stored as a record; not for a schema that only the caller knows."""
    caller: Caller | None = None
    """Who asks, by the key that came with the request; None inside the process and before there are keys."""
    release: str | None = None
    """Digest of the release that serves."""
    skew: Sequence[str] = ()
    """Why prompt, schema and model were never released together; empty where they were."""
    trace_id: str | None = None
    parent_span_id: str | None = None


@runtime_checkable
class StreamRestorer(Protocol):
    """Puts values back into a stream, however tokens are cut between its pieces."""

    def feed(self, piece: str) -> str:
        """Take a piece and give what is safe to pass on; the start of a possible token is held back."""
        ...

    def finish(self) -> str:
        """What was held back."""
        ...


@runtime_checkable
class Shield(Protocol):
    """The vault around one call: values leave as tokens, and come back as values."""

    @property
    def unprotected(self) -> Sequence[str]:
        """Types of personal data that this call could not protect, such as names; empty when it could."""
        ...

    def hide(self, text: str) -> str:
        """Replace personal data by tokens. Raises HeadraceError when the engine fails: nothing may leave."""
        ...

    def show(self, text: str) -> str:
        """Replace tokens by their values, changed case and inflected endings included."""
        ...

    def show_json(self, value: Any) -> Any:
        """The same in every string of a JSON value."""
        ...

    def stream(self, *, json: bool = False) -> StreamRestorer:
        """A restorer for one stream; `json` for one that is a JSON text, such as a tool call's arguments."""
        ...

    def facts(self) -> Mapping[str, int]:
        """Counts for the record of the call: hidden, shown, unknown tokens; never a value."""
        ...

    def settle(self) -> Future[None]:
        """Resolves once the tokens and the note of what was shown are durable: wait before answering."""
        ...


@runtime_checkable
class ShieldSource(Protocol):
    """Opens the vault for a call."""

    def shield(self, request: CallRequest) -> Shield:
        """A shield in the scope of the request's session. Raises HeadraceError when it cannot be had."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedOutput:
    """An output that was stored before."""

    output: Any
    """Text, or the value that was valid by the schema."""
    text: str
    """As the model wrote it, after restoring."""
    kind: Literal["exact", "semantic"]
    trace_id: str
    """The call that wrote it."""


@runtime_checkable
class Cache(Protocol):
    """Outputs of former calls. A hit was checked: its revisions are current and the caller may see them."""

    def get(self, request: CallRequest) -> CachedOutput | None:
        """The stored output for this very call, if it still holds."""
        ...

    def put(self, request: CallRequest, output: CachedOutput) -> Future[None]:
        """Keep an output that was valid; the future resolves when it is stored."""
        ...


@runtime_checkable
class MeasuredCache(Cache, Protocol):
    """A cache that answers questions that only mean the same, and has its errors measured."""

    def shadow_due(self, hit: CachedOutput) -> bool:
        """Whether the model should be asked as well, to see whether this hit is right."""
        ...

    def agrees(self, hit: CachedOutput, fresh: CachedOutput) -> bool:
        """Whether what the model said says the same as a hit. Raises ProviderError of its embedder."""
        ...

    def report_shadow(self, hit: CachedOutput, *, same: bool) -> Future[None]:
        """Count what such a check found."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a record says of where it comes from."""

    schema: str
    """Name."""
    schema_version: int
    schema_digest: str
    model: str
    """Id that the provider says answered."""
    prompt: str | None
    """Digest of the prompt version."""
    rendered: str
    """Digest of the messages as they were sent."""
    generation: str | None
    retrieved: Sequence[Retrieved]
    release: str | None
    trace_id: str
    span_id: str
    event_time_us: int
    """When what it tells of happened; the time of the call where the caller does not say."""
    repair: str | None
    """How the output was mended before it was valid; None when it was valid as written."""
    subject: str | None = None


@runtime_checkable
class RecordKeeper(Protocol):
    """Keeps validated outputs with their envelope and original bytes."""

    def keep(self, envelope: Envelope, value: Any, original: bytes) -> Future[str]:
        """Store one; the future gives the record's id once it is durable. The same call twice is one."""
        ...
