"""`POST /v1/chat/completions`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from headrace.infer.gateway.base import CallRequest
from headrace.infer.gateway.outcome import CallOutcome, Delta
from headrace.records.call import new_trace_id
from headrace.server.openai.asked import Asked, needs_stores, read_chat
from headrace.server.openai.errors import (
    OpenAIError,
    dead_letter_error,
    error_of,
    headers_of,
    json_response,
)
from headrace.server.openai.replies import DONE, Chunks, completion, event, refusal

if TYPE_CHECKING:
    from headrace.infer.gateway.gateway import Gateway


async def chat_completions(request: Request) -> Response:
    """Answer a chat completion. The call is durable before its last byte is sent."""
    calls = request.app.state.workspace.calls
    try:
        data = await request.body()
        if needs_stores(data, request.headers):
            asked = await run_in_threadpool(read_chat, data, request.headers, calls)
        else:
            asked = read_chat(data, request.headers, calls)
        if asked.stream:
            return await _streamed(calls.gateway, asked)
        outcome = await _unless_gone(request, calls.gateway, asked.request)
    except Exception as error:  # noqa: BLE001 - whatever went wrong is answered in the one shape of this door
        return error_of(error).reply()
    return _whole(outcome, asked)


def _whole(outcome: CallOutcome, asked: Asked) -> Response:
    if outcome.valid:
        return json_response(completion(outcome, model=asked.model), headers=headers_of(outcome))
    said = outcome.attempts[-1].refusal if outcome.attempts else None
    if outcome.reason == "refused" and said:
        return json_response(refusal(outcome, said, model=asked.model), headers=headers_of(outcome))
    return dead_letter_error(outcome).reply()


async def _unless_gone(request: Request, gateway: Gateway, call: CallRequest) -> CallOutcome:
    """Make a call; it is cancelled, and recorded as that, when the client goes away."""
    calling = asyncio.ensure_future(gateway.call(call))
    leaving = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({calling, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not calling.done():
            calling.cancel()
            with suppress(asyncio.CancelledError):
                await calling
            raise OpenAIError(499, "The client went away.", code="cancelled")
        return calling.result()
    finally:
        leaving.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _streamed(gateway: Gateway, asked: Asked) -> Response:
    """Begin to answer once the first delta is there: what fails before it has a status of its own."""
    trace_id = asked.request.trace_id or new_trace_id()
    deltas = gateway.stream(replace(asked.request, trace_id=trace_id))
    first = await anext(deltas)
    if first.outcome is not None and not first.outcome.valid:
        await deltas.aclose()
        return _whole(first.outcome, asked)
    return StreamingResponse(
        _events(first, deltas, Chunks(trace_id, model=asked.model), asked),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-request-id": trace_id, "x-headrace-trace-id": trace_id},
    )


async def _events(
    first: Delta, deltas: AsyncGenerator[Delta, None], chunks: Chunks, asked: Asked
) -> AsyncIterator[bytes]:
    async with aclosing(deltas):
        try:
            yield _written(first, chunks, asked)
            async for delta in deltas:
                yield _written(delta, chunks, asked)
        except Exception as error:  # noqa: BLE001 - the status is sent: the stream itself has to say it
            yield event(error_of(error).body)
            return
    yield DONE


def _written(delta: Delta, chunks: Chunks, asked: Asked) -> bytes:
    outcome = delta.outcome
    if outcome is None:
        return chunks.of(delta)
    if not outcome.valid:
        return event(dead_letter_error(outcome).body)
    last = chunks.of(delta)
    return last + chunks.usage(outcome.usage) if asked.include_usage else last
