"""What a call through the gateway costs over a direct one: time, requests a second, CPU, bytes of a re-ask.

    python bench/gateway.py [--requests 1000] [--rounds 3]

The upstream is a server of its own on loopback that answers at once. Direct requests and calls take turns.
Every call is checked against a schema, and its span is durable (fsync) before the answer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import headrace
from headrace.infer.gateway.base import Budget, CallRequest
from headrace.infer.gateway.gateway import Gateway
from headrace.infer.schemas.file import make_schema

AT_ONCE = 50
SCHEMA = make_schema(
    "ticket",
    {
        "type": "object",
        "properties": {"topic": {"type": "string"}, "urgent": {"type": "boolean"}},
        "required": ["topic", "urgent"],
    },
)
GOOD = '{"topic": "billing", "urgent": false}'
MESSAGES = [
    {"role": "system", "content": "You sort support tickets. Answer with JSON: topic and urgent. " * 4},
    {
        "role": "user",
        "content": "The invoice of May was booked twice and the second is overdue now. " * 6,
    },
]


def main() -> None:
    """Measure and print a table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--requests", type=int, default=1000)
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    receiver, sender = multiprocessing.get_context("spawn").Pipe(duplex=False)
    upstream = multiprocessing.get_context("spawn").Process(target=_serve, args=(sender,), daemon=True)
    upstream.start()
    url = f"http://127.0.0.1:{receiver.recv()}/v1"
    try:
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder), url, requests=given.requests, rounds=given.rounds)
    finally:
        upstream.terminate()
        upstream.join()


def _measure(root: Path, url: str, *, requests: int, rounds: int) -> None:
    (root / "headrace.toml").write_text(
        f'[models.up]\nbase_url = "{url}"\nmodel = "good"\nmax_concurrency = 64\n'
        f'[models.bad]\nbase_url = "{url}"\nmodel = "bad"\n[gateway]\nreasks = 5\nattempts = 6\n',
        encoding="utf-8",
    )
    with headrace.open(root) as workspace:
        asyncio.run(_all(workspace.gateway, url, requests, rounds))


async def _all(gateway: Gateway, url: str, requests: int, rounds: int) -> None:
    import aiohttp

    payload = json.dumps({"model": "good", "messages": MESSAGES}).encode()
    call = CallRequest(messages=MESSAGES, model="up", schema=SCHEMA)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def direct() -> None:
            headers = {"Content-Type": "application/json"}
            async with session.post(f"{url}/chat/completions", data=payload, headers=headers) as reply:
                json.loads(await reply.read())

        async def through() -> None:
            outcome = await gateway.call(call)
            assert outcome.valid

        streaming = json.dumps({"model": "good", "messages": MESSAGES, "stream": True}).encode()

        async def direct_token() -> float:
            headers = {"Content-Type": "application/json"}
            began = time.perf_counter()
            async with session.post(f"{url}/chat/completions", data=streaming, headers=headers) as reply:
                await reply.content.readany()
                took = time.perf_counter() - began
                await reply.read()
            return took * 1000

        async def through_token() -> float:
            began = time.perf_counter()
            stream = gateway.stream(CallRequest(messages=MESSAGES, model="up"))
            await anext(stream)
            took = time.perf_counter() - began
            async for _ in stream:
                pass
            return took * 1000

        for warm in (direct, through):
            await _paced(warm, 50, at_once=AT_ONCE)
        table: dict[str, list[float]] = {}
        for _ in range(rounds):
            for name, work in (("direct", direct), ("gateway", through)):
                table.setdefault(f"{name} p50 ms, 1 at once", []).append(await _alone(work, requests // 4))
                rate, cpu = await _paced(work, requests, at_once=AT_ONCE)
                table.setdefault(f"{name} requests/s, {AT_ONCE} at once", []).append(rate)
                table.setdefault(f"{name} CPU ms a request", []).append(cpu)
            for name, token in (("direct", direct_token), ("gateway", through_token)):
                times = [await token() for _ in range(requests // 8)]
                table.setdefault(f"{name} first token p50 ms", []).append(statistics.median(times))
    _print(table)
    budget = Budget(attempts=6)
    bad = await gateway.call(CallRequest(messages=MESSAGES, model="bad", schema=SCHEMA, budget=budget))
    sizes = [attempt.request_bytes for attempt in bad.attempts]
    print(f"\nbytes of messages by attempt: {sizes}")
    await gateway.close()


async def _alone(work: Callable[[], Awaitable[None]], requests: int) -> float:
    times = []
    for _ in range(requests):
        began = time.perf_counter()
        await work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


async def _paced(work: Callable[[], Awaitable[None]], requests: int, *, at_once: int) -> tuple[float, float]:
    """Requests a second, and CPU milliseconds of this process for each."""
    left = requests

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await work()

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return requests / (time.perf_counter() - began), (time.process_time() - cpu) * 1000 / requests


def _print(table: dict[str, list[float]]) -> None:
    for name, values in table.items():
        shown = "  ".join(f"{value:9.2f}" for value in values)
        print(f"{name:<36} {statistics.median(values):9.2f}   rounds: {shown}")
    for what in ("p50 ms, 1 at once", "first token p50 ms"):
        over = statistics.median(table[f"gateway {what}"]) - statistics.median(table[f"direct {what}"])
        print(f"{f'overhead {what}':<36} {over:9.2f}")


def _serve(sender: Any) -> None:
    from aiohttp import web

    async def chat(request: web.Request) -> web.Response:
        asked = await request.json()
        text = GOOD if asked["model"] == "good" else '{"topic": 7}'
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 200, "completion_tokens": 12, "total_tokens": 212}
        body = {"id": "1", "model": asked["model"], "choices": [choice], "usage": usage}
        return web.json_response(body)

    async def answer(request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        if not asked.get("stream"):
            return await chat(request)
        reply = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await reply.prepare(request)
        for text, reason in (("One ", None), ("mill.", "stop")):
            choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
            event = json.dumps({"id": "1", "model": "good", "choices": [choice]})
            await reply.write(f"data: {event}\n\n".encode())
        await reply.write(b"data: [DONE]\n\n")
        return reply

    async def run() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        sender.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


if __name__ == "__main__":
    main()
