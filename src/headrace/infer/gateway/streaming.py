"""Streams: held back until valid whole, or passed on as they arrive and validated whole at their end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace.errors import ProviderError
from headrace.infer.gateway.asking import size_of
from headrace.infer.gateway.base import CallRequest
from headrace.infer.gateway.collecting import Collected
from headrace.infer.gateway.ladder import Climb, broken_off, chat_request, failed, judge, seconds_left
from headrace.infer.gateway.outcome import Answer, Attempt, CallOutcome, Delta
from headrace.infer.gateway.spans import Begun
from headrace.infer.gateway.upstreams import Opened
from headrace.infer.upstreams.base import Piece

if TYPE_CHECKING:
    from headrace.infer.gateway.gateway import Gateway


async def stream(gateway: Gateway, request: CallRequest) -> AsyncGenerator[Delta, None]:
    """Give the answer of a call in deltas; the last one has the outcome."""
    held = request.schema is not None and gateway.config.stream == "hold"
    if held or request.parameters.get("n", 1) != 1:
        for delta in _whole(await gateway.call(request)):
            yield delta
        return
    begun = gateway.begin(request)
    keyed = request.idempotency_key is not None
    if keyed and (found := await gateway.keys.claim(request, begun.trace_id)) is not None:
        for delta in _whole(found):
            yield delta
        return
    gateway.observe(begun)
    started = time.perf_counter()
    try:
        ready = await gateway.prepare(begun)
        if ready is not None:
            yield Delta(text=ready.text)
        else:
            async with aclosing(_climb(gateway, begun)) as climbing:
                first = True
                async for delta in climbing:
                    if first:
                        gateway.streamed(begun, time.perf_counter() - started)
                        first = False
                    yield delta
            begun.stages["model"] = time.perf_counter() - started - begun.stages["prepare"]
    except BaseException as error:
        if keyed:
            gateway.keys.release(request, begun.trace_id)
        await gateway.broke_off(begun, error)
        raise
    outcome = await asyncio.shield(gateway.settle(begun, ready))
    if keyed:
        await gateway.keys.finish(request, outcome)
    yield _last(outcome)


def _whole(outcome: CallOutcome) -> list[Delta]:
    """An outcome that is there already, as deltas."""
    deltas = [_of_answer(answer, index) for index, answer in enumerate(outcome.choices)]
    return [*deltas, Delta(outcome=outcome)]


def _of_answer(answer: Answer, index: int) -> Delta:
    return Delta(
        text=answer.text,
        tool_calls=_numbered(answer.tool_calls),
        index=index,
        finish_reason=answer.finish_reason,
    )


def _last(outcome: CallOutcome) -> Delta:
    choice = outcome.choices[0] if outcome.choices else None
    return Delta(
        tool_calls=_numbered(choice.tool_calls) if choice else (),
        finish_reason=choice.finish_reason if choice else None,
        outcome=outcome,
    )


def _numbered(calls: Sequence[Any]) -> list[dict[str, Any]]:
    return [{**call, "index": place} for place, call in enumerate(calls)]


async def _climb(gateway: Gateway, begun: Begun) -> AsyncGenerator[Delta, None]:
    """Stream from the first model that says anything. Tool calls are held back until they are valid."""
    climb = begun.climb
    assert climb is not None
    for place, name in enumerate((begun.request.model, *begun.request.fallbacks)):
        opened = gateway.upstreams(name)
        passed = False
        async with aclosing(_one(begun, climb, opened, is_fallback=place > 0)) as streaming:
            async for delta in streaming:
                passed = True
                yield delta
        if passed or climb.answers or climb.reason == "seconds":
            return


async def _one(
    begun: Begun, climb: Climb, opened: Opened, *, is_fallback: bool
) -> AsyncGenerator[Delta, None]:
    restorer = begun.shield.stream(json=begun.request.schema is not None) if begun.shield else None
    collected = Collected(opened.upstream.identity)
    started = time.perf_counter()
    base = Attempt(
        kind="fallback" if is_fallback else "first",
        model=opened.upstream.identity,
        asked=opened.upstream.identity,
        valid=False,
        request_bytes=size_of(climb.sent),
    )
    checked = begun.request.schema is None
    try:
        pieces = opened.upstream.stream(chat_request(climb, climb.sent))
        async with aclosing(pieces) as arriving:
            async for piece in _in_time(arriving, climb):
                collected.add(piece)
                text = restorer.feed(piece.text) if restorer else piece.text
                if text:
                    yield Delta(text=text, checked=checked)
    except ProviderError as error:
        failed(climb, _so_far(base, collected), error, started)
    except TimeoutError:
        climb.reason = "seconds"
        why = "the budget of seconds was used up"
        climb.attempts.append(broken_off(_so_far(base, collected), why, started))
    except (asyncio.CancelledError, GeneratorExit):
        climb.reason = "cancelled"
        climb.attempts.append(broken_off(_so_far(base, collected), "the caller went away", started))
        raise
    else:
        await judge(climb, base, collected.reply(), opened, started)
    begun.streamed = "" if climb.answers else collected.text
    rest = restorer.finish() if restorer else ""
    if rest:
        yield Delta(text=rest, checked=checked)


async def _in_time(pieces: AsyncIterator[Piece], climb: Climb) -> AsyncIterator[Piece]:
    """The pieces, as long as the budget of seconds lasts. Raises TimeoutError."""
    while True:
        left = seconds_left(climb)
        try:
            piece = await (anext(pieces) if left is None else asyncio.wait_for(anext(pieces), max(left, 0)))
        except StopAsyncIteration:
            return
        yield piece


def _so_far(base: Attempt, collected: Collected) -> Attempt:
    reply = collected.reply()
    return replace(
        base,
        model=reply.model,
        raw_output=collected.text or None,
        input_tokens=reply.tokens.input,
        output_tokens=reply.tokens.output,
    )
