"""Documents that are pages of a web site."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from headrace.errors import ReadError
from headrace.ingest.sources.base import BlobCache, Place, WebConfig
from headrace.ingest.sources.scope import Scope
from headrace.ledger.identity import digest
from headrace.records.document import Content, Listing, Observation, SourceItem

if TYPE_CHECKING:
    from headrace.ingest.sources.crawl import Findings, Visit

_log = logging.getLogger(__name__)


class WebSource:
    """Lists the pages of a site; bodies go into the blob cache while listing and are read from there."""

    def __init__(self, config: WebConfig, *, place: Place) -> None:
        self.config = config
        self._scope = Scope(config)
        self._cache = place.cache
        name = blake2b(self._scope.seed.encode(), digest_size=16).hexdigest()
        self._state_path = place.state / f"{name}.sqlite"

    @property
    def name(self) -> str:
        """The configured URL."""
        return self.config.url

    def list(self, known: Mapping[str, Observation]) -> Listing:
        """Every page that is there now; complete when all that was found answered."""
        try:
            findings = _run(partial(self._crawl, known))
        except (sqlite3.Error, OSError) as error:
            reason = f"{self.name!r} could not be listed: {error}"
            return Listing(source=self.name, items=(), complete=False, reason=reason)
        return Listing(
            source=self.name,
            items=[_item(uri, visit, self._cache) for uri, visit in sorted(documents(findings).items())],
            complete=not findings.reasons,
            reason="; ".join(findings.reasons[:5]),
            failures=findings.failures,
        )

    async def _crawl(self, known: Mapping[str, Observation]) -> Findings:
        import aiohttp

        from headrace.ingest.sources.crawl import Crawl
        from headrace.ingest.sources.fetch import Fetcher
        from headrace.ingest.sources.resolver import GuardedResolver
        from headrace.ingest.sources.web_state import WebState

        config, scope = self.config, self._scope
        state = WebState(self._state_path)
        try:
            async with aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=GuardedResolver(scope), limit=config.concurrency),
                timeout=aiohttp.ClientTimeout(total=config.timeout_seconds),
                headers={"User-Agent": user_agent(), "Accept-Encoding": "gzip, deflate"},
                cookie_jar=aiohttp.DummyCookieJar(),
            ) as session:
                fetcher = Fetcher(session, config=config, scope=scope, state=state, cache=self._cache)
                findings = await Crawl(fetcher, config=config, scope=scope, known=known).run()
            if not findings.reasons:
                state.keep_only(fetcher.touched)
            state.commit()
        finally:
            state.close()
        return findings


def documents(findings: Findings) -> dict[str, Visit]:
    """One visit for each document: pages that give the same address for themselves are one.

    What a page says is its address counts unless that address says otherwise itself or has nothing to show.
    """
    own = {visit.page for visit in findings.visits if visit.canonical is None}
    visited = {visit.page for visit in findings.visits}
    found: dict[str, Visit] = {}
    for visit in findings.visits:
        if not visit.indexed:
            continue
        uri = visit.canonical or visit.page
        if uri in findings.absent or (uri in visited and uri not in own):
            uri = visit.page
        if uri not in found or (visit.page == uri and found[uri].page != uri):
            found[uri] = visit
    return found


def user_agent() -> str:
    """How Headrace names itself to servers."""
    try:
        return f"Headrace/{version('headrace')}"
    except PackageNotFoundError:
        return "Headrace"


def _run(crawl: Callable[[], Coroutine[Any, Any, Findings]]) -> Findings:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_crawling(crawl))
    # Called on the thread of an event loop: a second loop needs a thread of its own.
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(lambda: asyncio.run(_crawling(crawl))).result()


async def _crawling(crawl: Callable[[], Coroutine[Any, Any, Findings]]) -> Findings:
    asyncio.get_running_loop().set_exception_handler(_unhandled)
    return await crawl()


def _unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # An interrupt can cancel whoever waits for a connection in the moment it is made.
    if isinstance(context.get("exception"), asyncio.InvalidStateError):
        _log.debug("%s", context.get("message"))
    else:
        loop.default_exception_handler(context)


def _item(uri: str, visit: Visit, cache: BlobCache) -> SourceItem:
    return SourceItem(
        uri=uri,
        stamp=digest("page", [visit.body_hash, visit.media_type, visit.charset]),
        read=partial(_read, uri, visit, cache),
        size_bytes=visit.size_bytes,
        modified_at_us=visit.modified_at_us,
    )


def _read(uri: str, visit: Visit, cache: BlobCache) -> Content:
    data = cache.get(visit.blob)
    if data is None:
        raise ReadError(
            f"The body of {uri!r} is no longer in the blob cache.",
            hint="Run the sync again: it is fetched anew.",
        )
    return Content(data=data, media_type=visit.media_type, charset=visit.charset)
