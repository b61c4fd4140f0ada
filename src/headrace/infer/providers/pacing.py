"""How fast and how many at once: a rate limiter, and a concurrency limit that follows the provider."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class RateLimiter:
    """Spaces requests evenly, and holds all while the provider asked for a pause. For one event loop."""

    def __init__(self, requests_per_minute: float | None) -> None:
        self._interval = 60.0 / requests_per_minute if requests_per_minute else 0.0
        self._next = 0.0
        self._paused_until = 0.0

    async def acquire(self) -> None:
        """Wait for this request's turn."""
        loop = asyncio.get_running_loop()
        slot = max(self._next, loop.time())
        self._next = slot + self._interval
        while (wait := max(slot, self._paused_until) - loop.time()) > 0:
            await asyncio.sleep(wait)

    def pause(self, seconds: float) -> None:
        """Let no request start for so long."""
        self._paused_until = max(self._paused_until, asyncio.get_running_loop().time() + seconds)


class AdaptiveLimit:
    """Requests in flight: one more for each full round of successes, half when the provider pushes back."""

    def __init__(self, most: int, *, start: int = 4) -> None:
        self._most = most
        self._limit = float(min(start, most))
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return int(self._limit)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold one place among the requests in flight."""
        while self._running >= self.limit:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._wake()
                raise
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._wake()

    def succeeded(self) -> None:
        """Note a request that went through."""
        self._limit = min(float(self._most), self._limit + 1.0 / self._limit)
        self._wake()

    def pushed_back(self) -> None:
        """Note a 429, a timeout or an overloaded server."""
        self._limit = max(1.0, self._limit / 2)

    def _wake(self) -> None:
        free = self.limit - self._running
        while self._waiting and free > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1
