"""What is asked of a model in one request, and what it answers."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

STOP = "stop"
LENGTH = "length"
TOOL_CALLS = "tool_calls"
FILTERED = "content_filter"
"""Finish reasons in OpenAI's words; other providers' words are put into these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One request to one model."""

    messages: Sequence[Mapping[str, Any]]
    """In OpenAI's shape."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """`response_format`, `n` and `tool_choice` among them."""
    tools: Sequence[Mapping[str, Any]] = ()
    json_schema: Mapping[str, Any] | None = None
    """What the text is to be valid by; asked for natively where the configuration says so."""
    schema_name: str = "output"
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Sent as Idempotency-Key: the same for each retry of this request."""


class Tokens(NamedTuple):
    """What a provider says an answer used; None where it does not say."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    """Input tokens that the provider read from its own cache."""


UNKNOWN = Tokens()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the answers to a request."""

    text: str
    """As the model wrote it; empty where it only calls tools."""
    tool_calls: Sequence[Mapping[str, Any]] = ()
    """In OpenAI's shape, arguments as the text that the model wrote."""
    finish_reason: str = STOP
    """In OpenAI's words."""
    refusal: str | None = None
    """What the model says instead of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply:
    """What a model answered."""

    choices: Sequence[Choice]
    """At least one."""
    model: str
    """Id that the provider says answered."""
    id: str | None = None
    """The provider's id of the answer."""
    tokens: Tokens = UNKNOWN
    retries: int = 0
    """Requests before the one that was answered."""
    hedged: bool = False
    """Whether a second request ran beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of an answer as it arrives; the last one has the finish reason."""

    text: str = ""
    tool_calls: Sequence[Mapping[str, Any]] = ()
    """Parts as OpenAI streams them: `index`, and what is new of `id`, `function.name`, `.arguments`."""
    index: int = 0
    """Which choice it belongs to."""
    finish_reason: str | None = None
    refusal: str | None = None
    model: str | None = None
    id: str | None = None
    tokens: Tokens = UNKNOWN


@runtime_checkable
class Upstream(Protocol):
    """A model that answers requests. Its methods belong to a running event loop."""

    @property
    def name(self) -> str:
        """Name of its `[models]` table."""
        ...

    @property
    def identity(self) -> str:
        """Provider and model as configured: `<provider>:<model>`."""
        ...

    async def chat(self, request: ChatRequest) -> ChatReply:
        """Ask and wait for the whole answer. Raises ProviderError."""
        ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """Ask and give the answer as it arrives. Raises ProviderError, also in its middle."""
        ...

    async def close(self) -> None:
        """Give back the connections of this loop."""
        ...
