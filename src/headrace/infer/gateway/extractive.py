"""`extractive` in a call: answers with sentences of the messages, word for word, and writes no JSON."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from headrace.errors import TerminalError
from headrace.infer.models.base import GenerateRequest, Passage
from headrace.infer.models.extractive import ExtractiveModel
from headrace.infer.upstreams.base import STOP, ChatReply, ChatRequest, Choice, Piece, Tokens
from headrace.infer.upstreams.openai import text_of

NO_ANSWER_TEXT = "NO ANSWER"
_PASSAGE = re.compile(
    r"<passage\b[^>\n]*?(?:\bdocument=\"(?P<document>[^\"\n]*)\")?[^>\n]*>\n?(?P<text>.*?)</passage>",
    re.DOTALL,
)


class ExtractiveUpstream:
    """The question is the last paragraph of the last user message; the passages are what stands above it."""

    name = "extractive"

    def __init__(self) -> None:
        self._model = ExtractiveModel()
        self.identity = self._model.identity

    async def chat(self, request: ChatRequest) -> ChatReply:
        """Answer from the messages. Raises TerminalError where JSON or a tool is asked for."""
        if request.json_schema is not None or request.tools:
            raise TerminalError(
                "The built-in model `extractive` quotes sentences; it writes no JSON and calls no tools.",
                hint='Name a model that does: `model` of the prompt, or --model, as "openai:gpt-5-mini".',
                provider=self.name,
                cause="cannot",
            )
        question, passages = _read(request.messages)
        asked = GenerateRequest(messages=(), question=question, passages=passages)
        answer = await asyncio.to_thread(self._model.generate, asked)
        return ChatReply(
            choices=[Choice(text=answer.text or NO_ANSWER_TEXT, finish_reason=STOP)],
            model=answer.model,
            tokens=Tokens(answer.input_tokens, answer.output_tokens),
        )

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """The same in one piece."""
        reply = await self.chat(request)
        yield Piece(
            text=reply.choices[0].text,
            finish_reason=STOP,
            model=reply.model,
            tokens=reply.tokens,
        )

    async def close(self) -> None:
        """Nothing to give back."""


def _read(messages: Sequence[Mapping[str, Any]]) -> tuple[str, list[Passage]]:
    said = "\n\n".join(
        text_of(item.get("content")) for item in messages if item.get("role") in ("user", "tool")
    )
    marked = [(mark["document"] or "message", mark["text"].strip()) for mark in _PASSAGE.finditer(said)]
    parts = [part.strip() for part in _PASSAGE.sub("", said).split("\n\n") if part.strip()]
    question = parts.pop().removeprefix("Question:").strip() if parts else ""
    given = marked or [("message", part) for part in parts]
    return question, [
        Passage(number=number, chunk_id=str(number), document=document, text=text)
        for number, (document, text) in enumerate(given, start=1)
    ]
