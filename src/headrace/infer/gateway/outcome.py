"""What comes of a call: its attempts, its output, and where both are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from headrace.infer.schemas.base import Problem

AttemptKind = Literal["first", "repair", "reask", "fallback"]
"""`repair`: the first output, valid only after it was mended."""

RepairKind = Literal["fence", "prose", "syntax"]
"""Unwrapped from a Markdown fence, cut out of prose around it, or mended by json-repair."""

Reason = Literal[
    "invalid",
    "truncated",
    "refused",
    "upstream",
    "attempts",
    "tokens",
    "money",
    "seconds",
    "validator",
    "cancelled",
    "half_stream",
]
"""Why a call has no valid output; the middle four are budgets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request to a model and what was made of its answer."""

    kind: AttemptKind
    model: str
    """Id that the provider says answered, else as it was asked for."""
    asked: str
    """`<provider>:<model>` as configured."""
    valid: bool
    errors: Sequence[Problem] = ()
    repair: RepairKind | None = None
    raw_output: str | None = None
    """As the model wrote it, before anything was done to it; None where nothing came."""
    tool_calls: Sequence[Mapping[str, Any]] = ()
    refusal: str | None = None
    finish_reason: str | None = None
    error: str | None = None
    """Why the provider gave no answer."""
    status: int | None = None
    """HTTP status with which the provider refused; None where it answered, or did not at all."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_micro: int | None = None
    currency: str | None = None
    prices: str | None = None
    """Where the prices come from."""
    request_bytes: int = 0
    """Size of the messages that were sent."""
    retries: int = 0
    hedged: bool = False
    fields: Mapping[str, bool] = field(default_factory=dict)
    """Top-level fields of the schema, and whether the output filled them."""
    ms: float = 0.0

    @property
    def tokens(self) -> int:
        """Input and output, as far as the provider says."""
        return (self.input_tokens or 0) + (self.output_tokens or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One checked choice."""

    output: Any
    """The valid value, or the text where there is no schema; None beside tool calls alone."""
    text: str
    """As the model wrote it, values restored; of an output that was mended, the valid JSON."""
    tool_calls: Sequence[Mapping[str, Any]] = ()
    finish_reason: str = "stop"
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What all attempts of a call used together."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_micro: int | None = None
    """None where no attempt has a known price."""
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """What a call gave back. Its span was durable before."""

    valid: bool
    """False for a call that was dead-lettered."""
    output: Any
    text: str
    choices: Sequence[Answer]
    """More than one where `n` was asked for; only valid ones."""
    trace_id: str
    span_id: str
    attempts: Sequence[Attempt]
    record: str | None = None
    """Id of the stored record, for an output with a schema."""
    release: str | None = None
    cached: Literal["exact", "semantic"] | None = None
    dead_letter: str | None = None
    """Id of the dead letter."""
    reason: str | None = None
    """Why it was dead-lettered."""
    model: str | None = None
    """Id that the provider says answered."""
    usage: Usage = Usage()
    warnings: Sequence[str] = ()
    replayed: bool = False
    """Whether it is the outcome of an earlier call with the same idempotency key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A part of a streamed answer; only the last one has the outcome, once that is durable."""

    text: str = ""
    tool_calls: Sequence[Mapping[str, Any]] = ()
    index: int = 0
    finish_reason: str | None = None
    checked: bool = True
    """False for what is passed on before the whole was validated."""
    outcome: CallOutcome | None = None
