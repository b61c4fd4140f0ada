"""Says when dead letters appear, and each time their number has doubled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from headrace.ledger.events.base import EventStore
from headrace.records.call import SpanEvent, new_span_id

_LOG = logging.getLogger("headrace.calls")
_TIMEOUT_SECONDS = 10.0
KIND = "alert"


def is_due(number: int) -> bool:
    """Whether so many open letters are worth an alert: the first, and each power of two."""
    return number > 0 and number & (number - 1) == 0


class Alerts:
    """Logs, writes an alert span, and posts to a webhook; a post that fails is in the span."""

    def __init__(self, events: EventStore, *, webhook: str | None) -> None:
        self._events = events
        self._webhook = webhook
        self._running: set[asyncio.Task[None]] = set()

    def letter(self, facts: Mapping[str, Any], *, trace_id: str, span_id: str, now_ns: int) -> None:
        """Tell of a new dead letter, if its number is due; nobody waits for it."""
        if not is_due(facts["open"]):
            return
        _LOG.warning(
            "dead letters open: %d; newest %s (%s): see `headrace dead-letter list`",
            facts["open"],
            facts["id"],
            facts["reason"],
        )
        task = asyncio.ensure_future(self._tell(dict(facts), trace_id, span_id, now_ns))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        """Wait for what is being told on the running loop."""
        loop = asyncio.get_running_loop()
        own = [task for task in self._running if task.get_loop() is loop]
        await asyncio.gather(*own, return_exceptions=True)

    async def _tell(self, facts: dict[str, Any], trace_id: str, parent: str, now_ns: int) -> None:
        error = await self._post(facts) if self._webhook else None
        if error:
            _LOG.error("The alert of dead letters did not reach its webhook: %s", error)
        span = SpanEvent(
            trace_id=trace_id,
            span_id=new_span_id(),
            parent_span_id=parent,
            name="alert dead letters",
            kind=KIND,
            start_ns=now_ns,
            end_ns=now_ns,
            status="error" if error else "ok",
            error=error,
            attributes=facts | {"told": "webhook" if self._webhook and not error else "log"},
        )
        await asyncio.wrap_future(self._events.append([span]))

    async def _post(self, facts: dict[str, Any]) -> str | None:
        """Why it did not go through; None when it did."""
        import aiohttp

        assert self._webhook is not None
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self._webhook, json=facts, allow_redirects=False) as response,
            ):
                return None if response.status < 300 else f"it answered {response.status}"
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return type(error).__name__
