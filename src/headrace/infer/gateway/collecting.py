"""Puts the pieces of a stream together into the answer that they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.infer.upstreams.base import (
    FILTERED,
    STOP,
    TOOL_CALLS,
    UNKNOWN,
    ChatReply,
    Choice,
    Piece,
    Tokens,
)


class Collected:
    """The answer so far."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._id: str | None = None
        self._parts: list[str] = []
        self._refusal: list[str] = []
        self._calls: dict[int, dict[str, Any]] = {}
        self._reason: str | None = None
        self._tokens = UNKNOWN

    @property
    def text(self) -> str:
        """What was written so far."""
        return "".join(self._parts)

    def add(self, piece: Piece) -> None:
        """Take a piece of the first choice."""
        self._model = piece.model or self._model
        self._id = piece.id or self._id
        pairs = zip(self._tokens, piece.tokens, strict=True)
        self._tokens = Tokens(*(old if new is None else new for old, new in pairs))
        self._parts.append(piece.text)
        if piece.refusal:
            self._refusal.append(piece.refusal)
        for part in piece.tool_calls:
            self._add_call(part)
        self._reason = piece.finish_reason or self._reason

    def _add_call(self, part: Mapping[str, Any]) -> None:
        place = part.get("index")
        empty = {"id": None, "type": "function", "function": {"name": "", "arguments": ""}}
        call = self._calls.setdefault(place if isinstance(place, int) else len(self._calls), empty)
        call["id"] = part.get("id") or call["id"]
        function = part.get("function") or {}
        call["function"]["name"] += function.get("name") or ""
        call["function"]["arguments"] += function.get("arguments") or ""

    def reply(self) -> ChatReply:
        """The whole answer."""
        refusal = "".join(self._refusal) or None
        reason = self._reason or (TOOL_CALLS if self._calls else STOP)
        choice = Choice(
            text=self.text,
            tool_calls=[self._calls[place] for place in sorted(self._calls)],
            finish_reason=FILTERED if refusal and reason == STOP else reason,
            refusal=refusal,
        )
        return ChatReply(choices=[choice], model=self._model, id=self._id, tokens=self._tokens)
