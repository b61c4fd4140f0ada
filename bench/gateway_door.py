"""What the OpenAI-compatible door costs over a direct request, beside LiteLLM's proxy.

    python bench/gateway_door.py [--requests 1000] [--rounds 3]

`headrace serve` and the proxy are processes of their own, each with one worker, in front of the same upstream
on loopback. They and direct requests take turns. Every request carries a schema; Headrace checks the answer
against it and has the span on disk (fsync) before it answers. CPU is that of the server process. LiteLLM is
looked for beside the Python that HEADRACE_PEERS_PYTHON names, and left out where it is not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import psutil
from gateway import AT_ONCE, GOOD, MESSAGES, SCHEMA, _serve

_KEY = "sk-bench"
_SHAPE = {"type": "json_schema", "json_schema": {"name": "ticket", "schema": SCHEMA.json_schema}}
_LITELLM = """\
model_list:
  - model_name: up
    litellm_params: {{model: openai/good, api_base: "{url}", api_key: unused}}
litellm_settings: {{telemetry: false, enable_json_schema_validation: true}}
general_settings: {{master_key: {key}}}
"""
_START_SECONDS = 90


class Server(NamedTuple):
    """Something that answers chat completions."""

    name: str
    url: str
    pid: int | None


def main() -> None:
    """Measure and print a table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--requests", type=int, default=1000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--skip-litellm", action="store_true")
    asked.add_argument("--keyed", action="store_true", help="Callers of Headrace show a key with a budget.")
    given = asked.parse_args()
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    upstream = context.Process(target=_serve, args=(sender,), daemon=True)
    upstream.start()
    url = f"http://127.0.0.1:{receiver.recv()}/v1"
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            _headrace(Path(folder), url, given.keyed) as (door, key),
        ):
            servers = [Server("direct", url, None), door]
            with _litellm(Path(folder), url, skip=given.skip_litellm) as proxy:
                servers += [proxy] if proxy else []
                asyncio.run(_all(servers, key, given.requests, given.rounds))
    finally:
        upstream.terminate()
        upstream.join()


@contextmanager
def _headrace(root: Path, url: str, keyed: bool) -> Iterator[tuple[Server, str]]:
    (root / "headrace.toml").write_text(
        f'[models.up]\nbase_url = "{url}"\nmodel = "good"\nmax_concurrency = 64\n', encoding="utf-8"
    )
    where = ["--workspace", str(root)]
    key = _KEY
    if keyed:
        made = [sys.executable, "-m", "headrace", "key", "create", "bench", "--budget-per-day", "99999999"]
        done = subprocess.run([*made, "--json", *where], check=True, capture_output=True, text=True)
        key = json.loads(done.stdout)["secret"]
    command = [sys.executable, "-m", "headrace", "serve", "--port", "0", *where]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+(?=/ )", process.stdout.readline())
            assert found, "headrace serve printed no address"
            yield Server("headrace", f"{found[0]}/v1", process.pid), key
        finally:
            process.terminate()


@contextmanager
def _litellm(root: Path, url: str, *, skip: bool) -> Iterator[Server | None]:
    program = Path(os.environ.get("HEADRACE_PEERS_PYTHON", "")).parent / "litellm"
    if skip or not program.is_file():
        print("litellm: left out; HEADRACE_PEERS_PYTHON names no Python with litellm[proxy]\n")
        yield None
        return
    (root / "litellm.yaml").write_text(_LITELLM.format(url=url, key=_KEY), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_MODE": "PRODUCTION",
    }
    command = [str(program), "--config", str(root / "litellm.yaml"), "--host", "127.0.0.1"]
    with (
        (root / "litellm.log").open("w", encoding="utf-8") as log,
        subprocess.Popen(
            [*command, "--port", str(port), "--num_workers", "1"], stdout=log, stderr=log, env=environment
        ) as process,
    ):
        try:
            if _is_up(port, process):
                yield Server("litellm", f"http://127.0.0.1:{port}/v1", process.pid)
            else:
                print("litellm: left out; it did not start:", (root / "litellm.log").read_text()[-500:])
                yield None
        finally:
            process.terminate()


def _is_up(port: int, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.3)
    return False


async def _all(servers: list[Server], key: str, requests: int, rounds: int) -> None:
    table: dict[str, dict[str, list[float]]] = {}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        for server in servers:
            await _paced(_asking(session, server, key), 100, at_once=AT_ONCE)
        for _ in range(rounds):
            for server in servers:
                found = await _measured(session, server, key, requests)
                for name, value in found.items():
                    table.setdefault(name, {}).setdefault(server.name, []).append(value)
    _print(table, [server.name for server in servers])


async def _measured(
    session: aiohttp.ClientSession, server: Server, key: str, requests: int
) -> dict[str, float]:
    ask, stream = _asking(session, server, key), _streaming(session, server, key)
    found = {"p50 ms, 1 at once": statistics.median([await _timed(ask) for _ in range(requests // 4)])}
    before = _cpu(server)
    found[f"requests/s, {AT_ONCE} at once"] = await _paced(ask, requests, at_once=AT_ONCE)
    if server.pid is not None:
        found[f"CPU ms a request, {AT_ONCE} at once"] = (_cpu(server) - before) * 1000 / requests
    found["first token p50 ms"] = statistics.median([await stream() for _ in range(requests // 8)])
    return found


def _asking(session: aiohttp.ClientSession, server: Server, key: str) -> Callable[[], Awaitable[None]]:
    payload = _payload(server, response_format=_SHAPE)

    async def ask() -> None:
        async with session.post(
            f"{server.url}/chat/completions", data=payload, headers=_headers(server, key)
        ) as reply:
            answer = json.loads(await reply.read())
            assert answer["choices"][0]["message"]["content"] == GOOD, answer

    return ask


def _streaming(session: aiohttp.ClientSession, server: Server, key: str) -> Callable[[], Awaitable[float]]:
    payload = _payload(server, stream=True)

    async def stream() -> float:
        began = time.perf_counter()
        async with session.post(
            f"{server.url}/chat/completions", data=payload, headers=_headers(server, key)
        ) as reply:
            await reply.content.readany()
            took = time.perf_counter() - began
            await reply.read()
        return took * 1000

    return stream


def _payload(server: Server, **more: Any) -> bytes:
    model = "good" if server.name == "direct" else "up"
    return json.dumps({"model": model, "messages": MESSAGES, **more}).encode()


def _headers(server: Server, key: str) -> dict[str, str]:
    shown = key if server.name == "headrace" else _KEY
    return {"Content-Type": "application/json", "Authorization": f"Bearer {shown}"}


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000


async def _paced(work: Callable[[], Awaitable[None]], requests: int, *, at_once: int) -> float:
    left = requests

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await work()

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return requests / (time.perf_counter() - began)


def _cpu(server: Server) -> float:
    """Seconds that the process and its children have computed."""
    if server.pid is None:
        return 0.0
    process = psutil.Process(server.pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(item.user + item.system for item in times)


def _print(table: dict[str, dict[str, list[float]]], names: list[str]) -> None:
    print(f"{'median of the rounds':<34}" + "".join(f"{name:>12}" for name in names))
    for what, by_server in table.items():
        values = {name: statistics.median(found) for name, found in by_server.items()}
        print(
            f"{what:<34}"
            + "".join(f"{values[name]:>12.2f}" if name in values else f"{'':>12}" for name in names)
        )
        if what.endswith(("1 at once", "token p50 ms")):
            over = [f"{values[name] - values['direct']:>12.2f}" for name in names]
            print(f"{'  over direct':<34}" + "".join(over))


if __name__ == "__main__":
    main()
