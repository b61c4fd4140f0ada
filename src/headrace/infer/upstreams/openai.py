"""Any OpenAI-compatible `/chat/completions`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from headrace.errors import TerminalError
from headrace.infer.providers.config import ModelConfig
from headrace.infer.upstreams.base import (
    FILTERED,
    STOP,
    TOOL_CALLS,
    ChatReply,
    ChatRequest,
    Choice,
    Piece,
    Tokens,
)
from headrace.infer.upstreams.connection import Connection

_PATH = "chat/completions"
_OURS = frozenset({"model", "messages", "tools", "stream", "stream_options"})
"""What no parameter may say otherwise."""


class OpenAIUpstream:
    """Sends messages, tools and parameters as they are; reads every choice."""

    def __init__(self, config: ModelConfig) -> None:
        self.config = config
        self.name = config.name
        self.identity = f"{config.name}:{config.model}" + (f"@{config.revision}" if config.revision else "")
        self.connection = Connection(config)

    async def chat(self, request: ChatRequest) -> ChatReply:
        """Ask and wait for the whole answer. Raises ProviderError."""
        answered = await self.connection.post(_PATH, self._body(request), headers=_headers(request))
        body = answered.body
        choices = body.get("choices")
        found = [_choice(given) for given in choices if isinstance(given, Mapping)] if choices else []
        if not isinstance(choices, list) or not found or len(found) != len(choices):
            raise malformed(self.name)
        return ChatReply(
            choices=found,
            model=str(body.get("model") or self.config.model),
            id=str(body["id"]) if body.get("id") else None,
            retries=answered.retries,
            hedged=answered.hedged,
            tokens=_usage(body.get("usage")),
        )

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """Ask and give the answer as it arrives. Raises ProviderError."""
        body = self._body(request) | {"stream": True, "stream_options": {"include_usage": True}}
        events = self.connection.events(_PATH, body, headers=_headers(request))
        async with aclosing(events) as arriving:
            async for event in arriving:
                for piece in _pieces(event):
                    yield piece

    async def close(self) -> None:
        """Give back the connections of this loop."""
        await self.connection.close()

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        given = {name: value for name, value in request.parameters.items() if name not in _OURS}
        body: dict[str, Any] = {**given, "model": self.config.model, "messages": list(request.messages)}
        if request.tools:
            body["tools"] = list(request.tools)
        if request.json_schema is not None and "response_format" not in body:
            if self.config.structured == "json_schema":
                shape = {"name": request.schema_name, "schema": dict(request.json_schema)}
                body["response_format"] = {"type": "json_schema", "json_schema": shape}
            elif self.config.structured == "json_object":
                body["response_format"] = {"type": "json_object"}
        return body


def malformed(provider: str) -> TerminalError:
    """The error for an answer without what every answer has."""
    return TerminalError(
        f"Provider {provider!r} answered without a message.",
        hint="Check that base_url and `api` of its [models] table fit each other.",
        provider=provider,
        cause="malformed",
    )


def count(value: Any) -> int | None:
    """A number of tokens, if it is one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _headers(request: ChatRequest) -> dict[str, str]:
    return {"Idempotency-Key": request.key}


def _choice(given: Mapping[str, Any]) -> Choice:
    message = given.get("message")
    message = message if isinstance(message, Mapping) else {}
    calls = message.get("tool_calls")
    calls = [call for call in calls if isinstance(call, Mapping)] if isinstance(calls, list) else []
    refusal = message.get("refusal")
    reason = str(given.get("finish_reason") or (TOOL_CALLS if calls else STOP))
    return Choice(
        text=text_of(message.get("content")),
        tool_calls=calls,
        finish_reason=FILTERED if refusal and reason == STOP else reason,
        refusal=str(refusal) if refusal else None,
    )


def text_of(content: Any) -> str:
    """The text of a message, whose content may be a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, Mapping))
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def _usage(usage: Any) -> Tokens:
    usage = usage if isinstance(usage, Mapping) else {}
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else None
    return Tokens(count(usage.get("prompt_tokens")), count(usage.get("completion_tokens")), count(cached))


def _pieces(event: Mapping[str, Any]) -> list[Piece]:
    model = str(event["model"]) if event.get("model") else None
    identifier = str(event["id"]) if event.get("id") else None
    found = []
    choices = event.get("choices")
    for given in choices if isinstance(choices, list) else []:
        delta = given.get("delta") if isinstance(given, Mapping) else None
        delta = delta if isinstance(delta, Mapping) else {}
        calls = delta.get("tool_calls")
        found.append(
            Piece(
                text=text_of(delta.get("content")),
                tool_calls=calls if isinstance(calls, list) else (),
                index=count(given.get("index")) or 0,
                finish_reason=given.get("finish_reason"),
                refusal=delta.get("refusal"),
                model=model,
                id=identifier,
            )
        )
    if isinstance(event.get("usage"), Mapping):
        found.append(Piece(tokens=_usage(event["usage"]), model=model, id=identifier))
    return found
