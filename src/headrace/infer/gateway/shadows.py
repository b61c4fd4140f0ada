"""Measures a cache that answers what only means the same: now and then the model is asked as well."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from headrace.errors import HeadraceError
from headrace.infer.gateway.base import CachedOutput, CallRequest, MeasuredCache
from headrace.infer.gateway.ladder import Ladder

if TYPE_CHECKING:
    from headrace.infer.gateway.gateway import Gateway
    from headrace.infer.gateway.spans import Begun

_log = logging.getLogger(__name__)


class Shadows:
    """The checks that run behind answers which were already given."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def follow(self, gateway: Gateway, begun: Begun) -> None:
        """Begin a check of the hit that answered a call, where one is due."""
        cache, hit = gateway.cache, begun.cached
        if hit is None or not isinstance(cache, MeasuredCache) or not cache.shadow_due(hit):
            return
        task = asyncio.ensure_future(_check(gateway, cache, begun.request, hit))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        """Wait for those of the running loop."""
        loop = asyncio.get_running_loop()
        mine = [task for task in self._running if task.get_loop() is loop]
        await asyncio.gather(*mine)


async def _check(gateway: Gateway, cache: MeasuredCache, request: CallRequest, hit: CachedOutput) -> None:
    """Ask the model what a hit answered, and count whether both say the same; the call leaves its span."""
    asked = replace(
        request, idempotency_key=None, trace_id=None, parent_span_id=None, keep=False, conversation=None
    )
    begun = gateway.begin(asked, measures=hit.trace_id)
    try:
        await gateway.prepare(begun)
        assert begun.climb is not None
        await Ladder(gateway.upstreams, reasks=0).climb(begun.climb)
        if not begun.climb.answers:
            await gateway.broke_off(begun, HeadraceError("The model gave no output to compare."))
            return
        outcome = await gateway.settle(begun)
        fresh = CachedOutput(
            output=outcome.output, text=outcome.text, kind="exact", trace_id=outcome.trace_id
        )
        same = await asyncio.to_thread(cache.agrees, hit, fresh)
        await asyncio.wrap_future(cache.report_shadow(hit, same=same))
    except HeadraceError as error:
        _log.warning("A hit of the cache could not be checked: %s", error.message)
