"""Hedged requests: a slow one is sent a second time, and the first answer counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def hedged(start: Callable[[], Coroutine[Any, Any, T]], *, after_seconds: float) -> tuple[T, bool]:
    """The first answer, and whether a second request was sent; the other request is broken off.

    Raises what the last of them raised, when both fail.
    """
    tasks = {asyncio.ensure_future(start())}
    try:
        done, _ = await asyncio.wait(tasks, timeout=after_seconds)
        if done:
            return done.pop().result(), False
        tasks.add(asyncio.ensure_future(start()))
        waiting = tasks
        while True:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            good = [task for task in done if task.exception() is None]
            if good or not waiting:
                return (good or list(done))[0].result(), True
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
