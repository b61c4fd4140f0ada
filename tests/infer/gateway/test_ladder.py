"""The ladder, whatever models do: within its budget, in order, and never past a valid output."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import RetryableError
from headrace.infer.gateway.base import Budget, CallRequest
from headrace.infer.gateway.checking import Checker
from headrace.infer.gateway.ladder import Climb, Ladder
from headrace.infer.gateway.tools import Tools
from headrace.infer.gateway.upstreams import Opened
from headrace.infer.upstreams.base import ChatReply, ChatRequest, Choice, Piece, Tokens
from tests.infer.gateway.misbehaviours import GOOD, SCHEMA

CHOICES = {
    "good": Choice(text=GOOD.text),
    "fenced": Choice(text=f"```json\n{GOOD.text}\n```"),
    "wrong": Choice(text='{"total": "twelve"}'),
    "cut": Choice(text='{"total": 1', finish_reason="length"),
    "refused": Choice(text="", refusal="No."),
}
WORDS = st.sampled_from([*CHOICES, "failed"])
MODELS = ["first", "second", "third"]


@dataclass
class Scripted:
    """A model that does what a list says, and then fails."""

    name: str
    script: list[str]
    asked: list[ChatRequest] = field(default_factory=list)

    @property
    def identity(self) -> str:
        return self.name

    async def chat(self, request: ChatRequest) -> ChatReply:
        self.asked.append(request)
        word = self.script.pop(0) if self.script else "failed"
        if word == "failed":
            raise RetryableError("it failed")
        return ChatReply(choices=[CHOICES[word]], model=self.name, tokens=Tokens(10, 5))

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        yield Piece(text=(await self.chat(request)).choices[0].text)

    async def close(self) -> None:
        """Nothing to give back."""


@given(
    scripts=st.lists(st.lists(WORDS, max_size=5), min_size=1, max_size=3),
    attempts=st.integers(1, 6),
    tokens=st.none() | st.integers(1, 60),
    reasks=st.integers(0, 3),
)
def test_the_ladder_keeps_its_order_and_its_budget(
    scripts: Sequence[list[str]], attempts: int, tokens: int | None, reasks: int
) -> None:
    models = {name: Scripted(name, list(script)) for name, script in zip(MODELS, scripts, strict=False)}
    first, *others = models
    request = CallRequest(
        messages=[{"role": "user", "content": "Total?"}],
        model=first,
        schema=SCHEMA,
        fallbacks=others,
        budget=Budget(attempts=attempts, tokens=tokens),
    )
    climb = Climb(request=request, sent=request.messages, checker=Checker(request=request, tools=Tools(())))
    asyncio.run(Ladder(lambda name: Opened(models[name], None), reasks=reasks).climb(climb))
    asked = sum(len(model.asked) for model in models.values())
    assert 1 <= asked == climb.requests <= attempts
    if tokens is not None:
        assert sum(attempt.tokens for attempt in climb.attempts[:-1]) < tokens + 15
    assert bool(climb.answers) == climb.attempts[-1].valid == (climb.reason is None)
    assert not any(attempt.valid for attempt in climb.attempts[:-1])
    if climb.answers:
        assert climb.answers[0].output == json.loads(GOOD.text)
    order = [name for name, _ in groupby(attempt.asked for attempt in climb.attempts)]
    assert order == MODELS[: len(order)]
    for name, model in models.items():
        kinds = [item.kind for item in climb.attempts if item.asked == name and item.kind != "repair"]
        assert kinds[:1] in ([], ["first" if name == first else "fallback"])
        assert set(kinds[1:]) <= {"reask"}
        assert len(kinds) == len(model.asked) <= 1 + reasks
