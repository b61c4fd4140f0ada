"""Fetches pages politely: robots.txt, a pace for each host, conditional requests, bounded retries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from headrace.ingest.sources.base import BlobCache, WebConfig
from headrace.ingest.sources.headers import content_type, http_date_us, retry_after_seconds
from headrace.ingest.sources.outcomes import Page, Trouble
from headrace.ingest.sources.pages import header_directives
from headrace.ingest.sources.resolver import PrivateAddressError
from headrace.ingest.sources.robots import Robots
from headrace.ingest.sources.scope import Scope
from headrace.ingest.sources.urls import normal_url, origin_of
from headrace.ingest.sources.web_state import Answer, WebState
from headrace.ledger.identity import digest_bytes

MAX_REDIRECTS = 10
MAX_WAIT_SECONDS = 30.0
"""A server that asks for a longer wait is left alone for this listing."""
MAX_FAILURES_IN_A_ROW = 8
"""After so many a host is not asked again in this listing."""
_REDIRECTS = (301, 302, 303, 307, 308)


class Reply(NamedTuple):
    """One response, its body read if it was wanted."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes


Accept = Callable[[str], bool]


class Fetcher:
    """Fetches for one listing; all on one event loop."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        config: WebConfig,
        scope: Scope,
        state: WebState,
        cache: BlobCache,
    ) -> None:
        self._session = session
        self._config = config
        self._scope = scope
        self._state = state
        self._cache = cache
        self._robots = Robots(self._fetch_robots)
        self._next_turn: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self.touched: set[str] = set()
        """Addresses that gave a body, for the state to keep."""

    async def get(self, url: str, *, accept: Accept) -> Page | Trouble:
        """Fetch a page through its redirects; `accept` says which media types are wanted."""
        return await self._follow(url, accept=accept, obey=True)

    async def _follow(self, url: str, *, accept: Accept, obey: bool) -> Page | Trouble:
        visited: list[str] = []
        while True:
            refusal = await self._refusal(url, obey=obey)
            if refusal is not None:
                return refusal
            visited.append(url)
            outcome = await self._ask(url, accept=accept)
            if not isinstance(outcome, str):
                return outcome
            if outcome in visited:
                return Trouble(
                    url=url, kind="refused", error=f"redirect loop: {' -> '.join([*visited, outcome])}"
                )
            if len(visited) > MAX_REDIRECTS:
                return Trouble(url=url, kind="refused", error=f"more than {MAX_REDIRECTS} redirects")
            url = outcome

    async def _refusal(self, url: str, *, obey: bool) -> Trouble | None:
        """Why an address must not be asked at all."""
        objection = self._scope.objection(url)
        if objection:
            return Trouble(url=url, kind="outside", error=objection)
        origin = origin_of(url)
        if self._failures.get(origin, 0) >= MAX_FAILURES_IN_A_ROW:
            error = f"not asked: {MAX_FAILURES_IN_A_ROW} requests to {origin} failed in a row"
            return Trouble(url=url, kind="temporary", error=error)
        if not obey:
            return None
        if self._scope.excludes(url):
            return Trouble(url=url, kind="outside", error="excluded by the configuration")
        rules = await self._robots.rules(origin)
        if isinstance(rules, str):
            return Trouble(url=url, kind="temporary", error=rules)
        if not rules.allows(url):
            return Trouble(url=url, kind="outside", error="disallowed by robots.txt")
        return None

    async def _fetch_robots(self, url: str) -> Page | Trouble:
        return await self._follow(url, accept=lambda _: True, obey=False)

    async def _ask(self, url: str, *, accept: Accept) -> Page | Trouble | str:
        """One address with its retries; a string is where it redirects to."""
        origin = origin_of(url)
        for attempt in range(self._config.retries + 1):
            await self._await_turn(origin)
            outcome = await self._try(url, accept=accept)
            if not isinstance(outcome, Trouble) or outcome.kind != "temporary":
                self._failures[origin] = 0
                return outcome
            wait = outcome.retry_after_seconds
            if wait is None:
                wait = self._config.backoff_seconds * 2**attempt
            if attempt == self._config.retries or wait > MAX_WAIT_SECONDS:
                break
            await asyncio.sleep(wait)
        self._failures[origin] = self._failures.get(origin, 0) + 1
        return outcome

    async def _await_turn(self, origin: str) -> None:
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next_turn.get(origin, 0.0))
        self._next_turn[origin] = turn + max(self._config.delay_seconds, self._robots.delay_seconds(origin))
        if turn > now:
            await asyncio.sleep(turn - now)

    async def _try(self, url: str, *, accept: Accept) -> Page | Trouble | str:
        known = self._state.get(url)
        try:
            reply = await self._request(url, known, accept=accept)
        except (aiohttp.InvalidURL, aiohttp.TooManyRedirects, ValueError) as error:
            return Trouble(url=url, kind="refused", error=f"not an address that can be asked: {error}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _connection_trouble(url, error, seconds=self._config.timeout_seconds)
        if isinstance(reply, Trouble):
            return reply
        if reply.status == 304 and known is not None:
            body = self._cache.get(known.blob)
            if body is not None and digest_bytes("body", body) == known.body_hash:
                return self._page(known, body)
            self._state.forget(url)
            return await self._try(url, accept=accept)
        if reply.status in _REDIRECTS:
            target = (
                normal_url(reply.headers.get("Location", ""), base=url)
                if "Location" in reply.headers
                else None
            )
            return target or Trouble(
                url=url, kind="refused", error=f"status {reply.status} that leads nowhere"
            )
        if reply.status == 200:
            return self._fresh(url, reply)
        return _status_trouble(url, reply)

    async def _request(self, url: str, known: Answer | None, *, accept: Accept) -> Reply | Trouble:
        headers = {}
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        if known is not None and known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        address = URL(url, encoded=True)
        async with self._session.get(address, headers=headers, allow_redirects=False) as response:
            if response.status != 200:
                return Reply(response.status, response.headers, b"")
            media_type = response.content_type.lower() if "Content-Type" in response.headers else ""
            if not accept(media_type):
                return Trouble(url=url, kind="unwanted", error=f"content type {media_type!r} is not read")
            limit = self._config.max_bytes
            too_large = Trouble(
                url=url, kind="refused", error=f"more than {limit} bytes (max_bytes of the source)"
            )
            if (response.content_length or 0) > limit:
                return too_large
            body = bytearray()
            async for part in response.content.iter_chunked(65536):
                body += part
                if len(body) > limit:
                    return too_large
            return Reply(response.status, response.headers, bytes(body))

    def _fresh(self, url: str, reply: Reply) -> Page:
        media_type, charset = content_type(reply.headers.get("Content-Type", ""))
        answer = Answer(
            url=url,
            etag=reply.headers.get("ETag"),
            last_modified=reply.headers.get("Last-Modified"),
            blob=self._cache.put(reply.body),
            body_hash=digest_bytes("body", reply.body),
            media_type=media_type,
            charset=charset,
            directives=",".join(sorted(header_directives(reply.headers.getall("X-Robots-Tag", [])))),
        )
        self._state.put(answer)
        return self._page(answer, reply.body)

    def _page(self, answer: Answer, body: bytes) -> Page:
        self.touched.add(answer.url)
        return Page(
            url=answer.url,
            body=body,
            blob=answer.blob,
            body_hash=answer.body_hash,
            media_type=answer.media_type,
            charset=answer.charset,
            modified_at_us=http_date_us(answer.last_modified),
            directives=frozenset(answer.directives.split(",")) - {""},
        )


def _connection_trouble(url: str, error: Exception, *, seconds: float) -> Trouble:
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, PrivateAddressError):
        hint = "set allow_private = true if this site belongs to your own network"
        return Trouble(url=url, kind="refused", error=f"{error.os_error}; {hint}")
    if isinstance(error, TimeoutError):
        return Trouble(url=url, kind="temporary", error=f"no full answer within {seconds:g} s")
    return Trouble(url=url, kind="temporary", error=f"{type(error).__name__}: {error}".rstrip(": "))


def _status_trouble(url: str, reply: Reply) -> Trouble:
    status = reply.status
    if status in (404, 410):
        return Trouble(url=url, kind="gone", error=f"status {status}", status=status)
    if status == 429 or status >= 500:
        wait = retry_after_seconds(reply.headers.get("Retry-After"))
        return Trouble(
            url=url, kind="temporary", error=f"status {status}", status=status, retry_after_seconds=wait
        )
    return Trouble(url=url, kind="refused", error=f"status {status}", status=status)
