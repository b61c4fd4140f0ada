"""The ladder of one output: a call, a repair of its syntax, one more question, and then no more."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from headrace.errors import ProviderError
from headrace.infer.completions.base import LENGTH, REFUSED, ChatModel, Completion
from headrace.infer.completions.reading import Reader, Reading, Repair
from headrace.infer.schemas.base import Problem

Reason = Literal["refused", "truncated", "invalid", "timeout", "rejected"]
"""Why there is no output: the model refused, its text was cut off, it never became valid, it took too long,
or the provider rejects the input."""

_QUOTED = 4000
"""Characters of a bad output that go into the second question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request and what came of it."""

    kind: Literal["first", "reask"]
    text: str
    """As the model wrote it."""
    finish_reason: str
    problems: tuple[Problem, ...] = ()
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one call."""

    attempts: tuple[Attempt, ...]
    value: Any = None
    """The valid output."""
    reason: Reason | None = None
    """Why there is none; None when there is one, or when the provider failed."""
    detail: str = ""
    error: ProviderError | None = None
    """What the provider failed with, when it did."""
    repair: Repair | None = None
    model: str = ""
    """Model id the provider says it used."""
    input_tokens: int | None = 0
    """Of all attempts; None when the provider does not say."""
    output_tokens: int | None = 0

    @property
    def is_valid(self) -> bool:
        """Whether there is an output."""
        return self.reason is None and self.error is None


class _Climb:
    """The attempts of one call so far."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.model = ""
        self.input_tokens: int | None = 0
        self.output_tokens: int | None = 0

    def note(self, done: Completion) -> None:
        self.model = done.model
        self.input_tokens = _plus(self.input_tokens, done.input_tokens)
        self.output_tokens = _plus(self.output_tokens, done.output_tokens)

    def outcome(self, **what: Any) -> Outcome:
        return Outcome(
            attempts=tuple(self.attempts),
            model=self.model,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            **what,
        )


async def climb(
    model: ChatModel,
    messages: Sequence[Mapping[str, Any]],
    parameters: Mapping[str, Any],
    *,
    read: Reader,
    reasks: int = 1,
) -> Outcome:
    """Ask until the output is valid, `reasks` times more at most; provider errors come back, never raised.

    A text that was cut off is neither repaired nor asked for again: the next would be cut off as well.
    """
    state = _Climb()
    asked: Sequence[Mapping[str, Any]] = messages
    while True:
        began = time.monotonic()
        try:
            done = await model.complete(asked, parameters)
        except ProviderError as error:
            return state.outcome(error=error, detail=error.message)
        state.note(done)
        reading = read(done.text) if done.finish_reason not in (LENGTH, REFUSED) else Reading()
        state.attempts.append(
            Attempt(
                kind="reask" if state.attempts else "first",
                text=done.text,
                finish_reason=done.finish_reason,
                problems=reading.problems,
                milliseconds=round((time.monotonic() - began) * 1000, 3),
            )
        )
        if done.finish_reason == REFUSED:
            return state.outcome(reason="refused", detail=done.text[:300] or "the model refused")
        if done.finish_reason == LENGTH:
            return state.outcome(reason="truncated", detail="the output was cut off: raise max_tokens")
        if not reading.problems:
            repair: Repair | None = "syntax" if reading.mended else None
            return state.outcome(value=reading.value, repair="reask" if len(state.attempts) > 1 else repair)
        if len(state.attempts) > reasks:
            return state.outcome(reason="invalid", detail=_listed(reading.problems))
        asked = [*messages, *_again(done.text, reading.problems)]


def _again(text: str, problems: Sequence[Problem]) -> list[Mapping[str, Any]]:
    """The bad output, cut to a bounded length, and what is wrong with it."""
    wrong = "\n".join(f"- {problem.path or 'the whole'}: {problem.message}" for problem in problems)
    return [
        {"role": "assistant", "content": text[:_QUOTED]},
        {
            "role": "user",
            "content": f"This reply cannot be used:\n{wrong}\nReply again, complete and corrected, "
            "with nothing around it.",
        },
    ]


def _listed(problems: Sequence[Problem]) -> str:
    return "; ".join(f"{problem.path or 'output'}: {problem.message}" for problem in problems[:5])


def _plus(before: int | None, more: int | None) -> int | None:
    return None if before is None or more is None else before + more
