"""The ladder: ask, check, mend, ask again, ask another model, until an output is valid or nothing is left."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from headrace.errors import ProviderError
from headrace.infer.gateway.asking import reask, size_of
from headrace.infer.gateway.base import Budget, CallRequest
from headrace.infer.gateway.checking import Checked, Checker
from headrace.infer.gateway.outcome import Answer, Attempt, AttemptKind, Reason
from headrace.infer.gateway.upstreams import Opened
from headrace.infer.schemas.base import Problem
from headrace.infer.upstreams.base import ChatReply, ChatRequest, Choice
from headrace.infer.upstreams.prices import cost_of

_CHECKED_AT_ONCE = 8_000
"""Characters that are repaired and checked in a few milliseconds, whatever they are."""


@dataclass(slots=True, kw_only=True)
class Climb:
    """One call on its way; it holds what was tried even when the call is broken off."""

    request: CallRequest
    sent: Sequence[Mapping[str, Any]]
    """Messages as models get them."""
    checker: Checker
    attempts: list[Attempt] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    reason: Reason | None = None
    warnings: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    @property
    def requests(self) -> int:
        """Requests to models so far."""
        return sum(attempt.kind != "repair" for attempt in self.attempts)


class Ladder:
    """Climbs for one call after the other; holds nothing of them."""

    def __init__(self, open_model: Callable[[str], Opened], *, reasks: int) -> None:
        self._open = open_model
        self._reasks = reasks

    async def climb(self, climb: Climb) -> None:
        """Fill the answers of a call, or the reason why there are none."""
        models = [climb.request.model, *climb.request.fallbacks]
        for place, name in enumerate(models):
            opened = self._open(name)
            left = climb.request.budget.attempts - climb.requests - (len(models) - place - 1)
            tries = max(1, min(1 + self._reasks, left))
            if await self._one_model(climb, opened, tries=tries, is_fallback=place > 0):
                return

    async def _one_model(self, climb: Climb, opened: Opened, *, tries: int, is_fallback: bool) -> bool:
        """Whether the call is over: answered, or its budget is gone."""
        messages = climb.sent
        for number in range(tries):
            if spent := used_up(climb.request.budget, climb):
                climb.reason = spent
                return True
            kind: AttemptKind = "reask" if number else "fallback" if is_fallback else "first"
            checked, choice = await self._attempt(climb, opened, messages, kind)
            if climb.answers or climb.reason in ("seconds", "validator"):
                return True
            if checked is None or choice is None or climb.reason in ("refused", "upstream", "half_stream"):
                return False
            messages = reask(
                climb.request,
                climb.sent,
                output=choice.text or _calls(choice),
                problems=checked.problems,
                shield=climb.checker.shield,
            )
        if climb.requests >= climb.request.budget.attempts:
            climb.reason = "attempts"
        return False

    async def _attempt(
        self, climb: Climb, opened: Opened, messages: Sequence[Mapping[str, Any]], kind: AttemptKind
    ) -> tuple[Checked | None, Choice | None]:
        started = time.perf_counter()
        base = Attempt(
            kind=kind,
            model=opened.upstream.identity,
            asked=opened.upstream.identity,
            valid=False,
            request_bytes=size_of(messages),
        )
        try:
            async with asyncio.timeout(seconds_left(climb)):
                reply = await opened.upstream.chat(chat_request(climb, messages))
        except ProviderError as error:
            failed(climb, base, error, started)
            return None, None
        except TimeoutError:
            climb.reason = "seconds"
            climb.attempts.append(broken_off(base, "the budget of seconds was used up", started))
            return None, None
        except asyncio.CancelledError:
            climb.reason = "cancelled"
            climb.attempts.append(broken_off(base, "the caller went away", started))
            raise
        return await judge(climb, base, reply, opened, started)


async def judge(
    climb: Climb, base: Attempt, reply: ChatReply, opened: Opened, started: float
) -> tuple[Checked, Choice]:
    """Check an answer and note the attempt; a long one in a thread, so that other calls go on."""
    if sum(len(choice.text) for choice in reply.choices) <= _CHECKED_AT_ONCE:
        return settle(climb, base, reply, opened, started)
    return await asyncio.to_thread(settle, climb, base, reply, opened, started)


def chat_request(climb: Climb, messages: Sequence[Mapping[str, Any]]) -> ChatRequest:
    """What a model is asked."""
    schema = climb.request.schema
    return ChatRequest(
        messages=messages,
        parameters=climb.request.parameters,
        tools=climb.checker.tools.sent,
        json_schema=schema.json_schema if schema else None,
        schema_name=schema.name if schema else "output",
    )


def settle(
    climb: Climb, base: Attempt, reply: ChatReply, opened: Opened, started: float
) -> tuple[Checked, Choice]:
    """Check every choice of an answer and note the attempt; gives the first choice that counts."""
    checks = [(climb.checker(choice), choice) for choice in reply.choices]
    good = [(checked, choice) for checked, choice in checks if checked.answer is not None]
    checked, choice = (good or checks)[0]
    if good and len(good) < len(checks):
        climb.warnings.append(f"{len(checks) - len(good)} of {len(checks)} choices were not valid")
    cost = opened.config and cost_of(
        opened.config,
        reply.model,
        input_tokens=reply.tokens.input,
        output_tokens=reply.tokens.output,
        cached_tokens=reply.tokens.cached,
    )
    attempt = replace(
        base,
        model=reply.model,
        valid=checked.answer is not None,
        errors=checked.problems,
        raw_output=choice.text,
        tool_calls=choice.tool_calls,
        refusal=choice.refusal,
        finish_reason=choice.finish_reason,
        input_tokens=reply.tokens.input,
        output_tokens=reply.tokens.output,
        cost_micro=cost.micro if cost else None,
        currency=cost.currency if cost else None,
        prices=cost.prices if cost else None,
        retries=reply.retries,
        hedged=reply.hedged,
        fields=checked.fields,
        ms=_ms(started),
    )
    if checked.repair is None:
        climb.attempts.append(attempt)
    else:
        climb.attempts += _before_and_after_repair(attempt, checked)
    climb.answers += [item.answer for item, _ in good if item.answer is not None]
    climb.reason = None if good else checked.reason
    return checked, choice


def _before_and_after_repair(attempt: Attempt, checked: Checked) -> list[Attempt]:
    """Two entries: what the model wrote was not valid, and what was made of it without another request."""
    problem = Problem(path="", message=f"it was valid JSON only after a repair: {checked.repair}")
    before = replace(attempt, valid=False, errors=[problem], fields={})
    after = replace(
        attempt,
        kind="repair",
        repair=checked.repair,
        input_tokens=0,
        output_tokens=0,
        cost_micro=0 if attempt.cost_micro is not None else None,
        request_bytes=0,
        retries=0,
        ms=0.0,
    )
    return [before, after]


def failed(climb: Climb, base: Attempt, error: ProviderError, started: float) -> None:
    """Note an attempt that the provider did not answer."""
    climb.reason = "half_stream" if error.details.get("cause") == "half_stream" else "upstream"
    attempt = broken_off(base, f"{error.type}: {error.message}", started)
    details = error.details
    retries, status = int(details.get("retries", 0)), details.get("status")
    climb.attempts.append(replace(attempt, retries=retries, status=status))


def broken_off(base: Attempt, why: str, started: float) -> Attempt:
    """An attempt without a whole answer."""
    return replace(base, error=why, errors=[Problem(path="", message=why)], ms=_ms(started))


def used_up(budget: Budget, climb: Climb) -> Reason | None:
    """Which budget allows no further request."""
    attempts = climb.attempts
    if climb.requests >= budget.attempts:
        return "attempts"
    if budget.tokens is not None and sum(attempt.tokens for attempt in attempts) >= budget.tokens:
        return "tokens"
    spent = sum(attempt.cost_micro or 0 for attempt in attempts)
    if budget.cost_micro is not None and spent >= budget.cost_micro:
        return "money"
    left = seconds_left(climb)
    return "seconds" if left is not None and left <= 0 else None


def seconds_left(climb: Climb) -> float | None:
    """What is left of the budget of seconds."""
    seconds = climb.request.budget.seconds
    return None if seconds is None else climb.started + seconds - time.monotonic()


def _calls(choice: Choice) -> str:
    return json.dumps([call.get("function") for call in choice.tool_calls], ensure_ascii=False)


def _ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
