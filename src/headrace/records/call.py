"""One inference or retrieval, as an OpenTelemetry span."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

SpanStatus = Literal["unset", "ok", "error"]

EVALUATION = "headrace-eval"
"""Service of spans that evals made: they are no traffic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRef:
    """Something a span touched, so that it can be found from there."""

    role: Literal["retrieved", "cited"]
    ref: str
    """A chunk id, or `<corpus>/<uri>` of a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanEvent:
    """A finished span. Ids are lowercase hex as in OpenTelemetry."""

    trace_id: str
    """32 hex characters."""
    span_id: str
    """16 hex characters."""
    parent_span_id: str | None = None
    name: str
    """Operation and target, such as `search handbook` or `chat extractive`."""
    kind: str
    """search, ask, chat, call, embed or sync; of spans from elsewhere also agent, tool, rerank or span."""
    start_ns: int
    """Unix nanoseconds."""
    end_ns: int
    status: SpanStatus = "ok"
    error: str | None = None
    release: str | None = None
    """Release digest that served."""
    generation: str | None = None
    model: str | None = None
    prompt: str | None = None
    """Digest of the prompt version."""
    session: str | None = None
    """Session or conversation that it belongs to."""
    subject: str | None = None
    """Keyed hash of the user, never the name (`Keyring.subject`)."""
    service: str | None = None
    """`service.name` of the sender, or `headrace-eval`; None for what this workspace did for its users."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_micro: int | None = None
    """Millionths of the currency."""
    currency: str | None = None
    """Three letters."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """JSON-like values: input, output, retrieved chunks with scores, tokens, timings."""
    refs: Sequence[SpanRef] = ()
    """Chunks and documents it retrieved or cited, for the way back."""


def new_trace_id() -> str:
    """A random OpenTelemetry trace id."""
    return secrets.token_hex(16)


def new_span_id() -> str:
    """A random OpenTelemetry span id."""
    return secrets.token_hex(8)
