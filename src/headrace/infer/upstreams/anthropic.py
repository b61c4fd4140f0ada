"""Anthropic's Messages API: `[models.NAME] api = "anthropic"`."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from headrace.errors import RetryableError
from headrace.infer.providers.config import ModelConfig
from headrace.infer.upstreams.anthropic_messages import OUTPUT_TOOL, body_of, reason_of, wants_structured
from headrace.infer.upstreams.base import FILTERED, STOP, ChatReply, ChatRequest, Choice, Piece, Tokens
from headrace.infer.upstreams.connection import Connection
from headrace.infer.upstreams.openai import count, malformed

_PATH = "messages"
_VERSION = {"anthropic-version": "2023-06-01"}


class AnthropicUpstream:
    """Translates both ways; JSON of a schema is asked for by a tool."""

    def __init__(self, config: ModelConfig) -> None:
        self.config = config
        self.name = config.name
        self.identity = f"{config.name}:{config.model}" + (f"@{config.revision}" if config.revision else "")
        self.connection = Connection(config)

    async def chat(self, request: ChatRequest) -> ChatReply:
        """Ask and wait for the whole answer. Raises ProviderError."""
        answered = await self.connection.post(_PATH, self._body(request), headers=_VERSION)
        body = answered.body
        blocks = body.get("content")
        if not isinstance(blocks, list):
            raise malformed(self.name)
        return ChatReply(
            choices=[_choice([block for block in blocks if isinstance(block, Mapping)], body)],
            model=str(body.get("model") or self.config.model),
            id=str(body["id"]) if body.get("id") else None,
            retries=answered.retries,
            hedged=answered.hedged,
            tokens=_usage(body.get("usage")),
        )

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """Ask and give the answer as it arrives. Raises ProviderError."""
        body = self._body(request) | {"stream": True}
        events = self.connection.events(_PATH, body, headers=_VERSION)
        reading = _Reading(self.name)
        async with aclosing(events) as arriving:
            async for event in arriving:
                piece = reading.piece(event)
                if piece is not None:
                    yield piece

    async def close(self) -> None:
        """Give back the connections of this loop."""
        await self.connection.close()

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        structured = wants_structured(request, configured=self.config.structured != "off")
        return body_of(request, model=self.config.model, structured=structured)


@dataclass(slots=True)
class _Reading:
    """Follows the blocks of a stream."""

    provider: str
    calls: dict[int, int] = field(default_factory=dict)
    """Block to its place among the tool calls."""
    outputs: set[int] = field(default_factory=set)
    """Blocks that are the structured output."""

    def piece(self, event: Mapping[str, Any]) -> Piece | None:
        """What an event adds to the answer."""
        match event.get("type"):
            case "message_start":
                message = event.get("message") or {}
                return Piece(
                    model=message.get("model"), id=message.get("id"), tokens=_usage(message.get("usage"))
                )
            case "content_block_start":
                return self._start(event.get("index", 0), event.get("content_block") or {})
            case "content_block_delta":
                return self._delta(event.get("index", 0), event.get("delta") or {})
            case "message_delta":
                reason = reason_of((event.get("delta") or {}).get("stop_reason"))
                tokens = Tokens(output=_usage(event.get("usage")).output)
                only_output = self.outputs and not self.calls
                return Piece(finish_reason=STOP if only_output else reason, tokens=tokens)
            case "error":
                said = (event.get("error") or {}).get("message", "")
                raise RetryableError(
                    f"Provider {self.provider!r} broke off a stream: {str(said)[:300]}",
                    provider=self.provider,
                    cause="half_stream",
                )
        return None

    def _start(self, index: int, block: Mapping[str, Any]) -> Piece | None:
        if block.get("type") != "tool_use":
            return None
        if block.get("name") == OUTPUT_TOOL:
            self.outputs.add(index)
            return None
        place = self.calls.setdefault(index, len(self.calls))
        function = {"name": block.get("name"), "arguments": ""}
        return Piece(
            tool_calls=[{"index": place, "id": block.get("id"), "type": "function", "function": function}]
        )

    def _delta(self, index: int, delta: Mapping[str, Any]) -> Piece | None:
        if delta.get("type") == "text_delta":
            return Piece(text=str(delta.get("text", "")))
        if delta.get("type") != "input_json_delta":
            return None
        part = str(delta.get("partial_json", ""))
        if index in self.outputs:
            return Piece(text=part)
        return Piece(tool_calls=[{"index": self.calls.get(index, 0), "function": {"arguments": part}}])


def _choice(blocks: list[Mapping[str, Any]], body: Mapping[str, Any]) -> Choice:
    text = "".join(str(block.get("text", "")) for block in blocks if block.get("type") == "text")
    uses = [block for block in blocks if block.get("type") == "tool_use"]
    outputs = [block for block in uses if block.get("name") == OUTPUT_TOOL]
    if outputs:
        text = json.dumps(outputs[0].get("input"), ensure_ascii=False)
    calls = [
        {
            "id": use.get("id"),
            "type": "function",
            "function": {
                "name": use.get("name"),
                "arguments": json.dumps(use.get("input"), ensure_ascii=False),
            },
        }
        for use in uses
        if use.get("name") != OUTPUT_TOOL
    ]
    reason = reason_of(body.get("stop_reason"))
    if outputs and not calls and reason == "tool_calls":
        reason = STOP
    refusal = (text or "refused") if reason == FILTERED else None
    return Choice(text=text, tool_calls=calls, finish_reason=reason, refusal=refusal)


def _usage(usage: Any) -> Tokens:
    usage = usage if isinstance(usage, Mapping) else {}
    cached = count(usage.get("cache_read_input_tokens"))
    written = count(usage.get("cache_creation_input_tokens")) or 0
    fresh = count(usage.get("input_tokens"))
    read = None if fresh is None else fresh + (cached or 0) + written
    return Tokens(read, count(usage.get("output_tokens")), cached)
