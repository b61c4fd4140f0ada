"""A workspace whose models are a server on loopback, and calls on it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import headrace
from headrace.infer.gateway.base import CallRequest
from headrace.infer.gateway.outcome import CallOutcome, Delta
from headrace.workspace import Workspace
from tests.fakes.model_server import ModelServer

_CONFIG = """\
[models.up]
base_url = "{url}"
model = "model-of-today"
max_retries = 1
backoff_seconds = 0
idle_timeout_seconds = 0.4
max_response_bytes = 1_000_000
breaker_failures = 1000
{model}
[models.other]
base_url = "{url}"
model = "another-model"
max_retries = 0
{extra}
"""


@contextmanager
def opened(root: Path, server: ModelServer, *, model: str = "", extra: str = "") -> Iterator[Workspace]:
    """A workspace with the models `up` and `other`."""
    configure(root, server.base_url, model=model, extra=extra)
    with headrace.open(root) as workspace:
        yield workspace


def configure(root: Path, url: str, *, model: str = "", extra: str = "") -> None:
    """Write headrace.toml."""
    text = _CONFIG.format(url=url, model=model, extra=extra)
    (root / "headrace.toml").write_text(text, encoding="utf-8")


def made(workspace: Workspace, *requests: CallRequest) -> list[CallOutcome]:
    """Make calls at once, on an event loop of their own."""

    async def all_of_them() -> list[CallOutcome]:
        try:
            return await asyncio.gather(*(workspace.gateway.call(request) for request in requests))
        finally:
            await workspace.gateway.close()

    return asyncio.run(all_of_them())


def streamed(workspace: Workspace, request: CallRequest) -> list[Delta]:
    """The deltas of a streamed call."""

    async def collect() -> list[Delta]:
        try:
            return [delta async for delta in workspace.gateway.stream(request)]
        finally:
            await workspace.gateway.close()

    return asyncio.run(collect())
