"""What robots.txt allows, for each origin, asked once in a listing (RFC 9309)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from protego import Protego

from headrace.ingest.sources.outcomes import Page, Trouble

AGENT = "Headrace"
_MAX_BYTES = 512_000
"""RFC 9309 asks for at least 500 KiB; what follows is ignored."""
_MAX_DELAY_SECONDS = 60.0


class Rules:
    """The rules of one origin; none at all allow everything."""

    def __init__(self, text: str | None) -> None:
        self._parsed = None if text is None else Protego.parse(text)

    def allows(self, url: str) -> bool:
        """Whether this robot may fetch an address."""
        return self._parsed is None or self._parsed.can_fetch(url, AGENT)

    @property
    def delay_seconds(self) -> float:
        """Least time between requests; a minute at most, whatever is asked."""
        delay = None if self._parsed is None else self._parsed.crawl_delay(AGENT)
        return min(max(delay or 0.0, 0.0), _MAX_DELAY_SECONDS)


class Robots:
    """Rules by origin. An origin whose robots.txt cannot be read is not to be asked for anything."""

    def __init__(self, fetch: Callable[[str], Awaitable[Page | Trouble]]) -> None:
        self._fetch = fetch
        self._rules: dict[str, Rules | str] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def rules(self, origin: str) -> Rules | str:
        """The rules of an origin, or why they are not known."""
        async with self._locks.setdefault(origin, asyncio.Lock()):
            if origin not in self._rules:
                self._rules[origin] = await self._read(origin)
            return self._rules[origin]

    def delay_seconds(self, origin: str) -> float:
        """The crawl delay of an origin as far as it is known."""
        rules = self._rules.get(origin)
        return rules.delay_seconds if isinstance(rules, Rules) else 0.0

    async def _read(self, origin: str) -> Rules | str:
        outcome = await self._fetch(f"{origin}/robots.txt")
        if isinstance(outcome, Page):
            return Rules(outcome.body[:_MAX_BYTES].decode("utf-8-sig", "replace"))
        # Only an answer that says there are no rules allows everything.
        if outcome.status is not None and 400 <= outcome.status < 500 and outcome.status != 429:
            return Rules(None)
        return f"robots.txt could not be read ({outcome.error}), so nothing was fetched from {origin}"
