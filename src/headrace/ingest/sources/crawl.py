"""Goes through a web site: by its sitemap, or by its links."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from headrace.ingest.sources.base import WebConfig
from headrace.ingest.sources.fetch import Fetcher
from headrace.ingest.sources.outcomes import Page, Trouble
from headrace.ingest.sources.pages import PageFacts, read_page
from headrace.ingest.sources.scope import Scope
from headrace.ingest.sources.sitemap import Sitemap, parse_sitemap
from headrace.ingest.sources.urls import normal_url
from headrace.records.document import SourceFailure

MAX_SITEMAPS = 500
_HTML = ("text/html", "application/xhtml+xml")
_SITEMAP_TYPES = (
    "application/xml",
    "text/xml",
    "application/gzip",
    "application/x-gzip",
    "application/octet-stream",
)
_DOCUMENT_TYPES = (
    "text/",
    "application/xhtml+xml",
    "application/pdf",
    "application/rtf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.oasis.opendocument.",
    "application/vnd.openxmlformats-officedocument.",
)
_CODE_OF_PAGES = ("text/css", "text/javascript", "text/ecmascript", "text/xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A page that was fetched, without its body."""

    page: str
    """Where it was found after redirects."""
    canonical: str | None
    """The address it gives for itself, if that is another one and in scope."""
    indexed: bool
    """Whether it may become a document."""
    links: tuple[str, ...]
    blob: str
    body_hash: str
    size_bytes: int
    media_type: str | None
    charset: str | None
    modified_at_us: int | None


@dataclass(slots=True)
class Findings:
    """What a crawl has found so far."""

    visits: list[Visit] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)
    """Addresses that answered that there is nothing, or that must not become documents."""
    failures: list[SourceFailure] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    """Why pages may be missing."""


class Crawl:
    """One pass over a site."""

    def __init__(self, fetcher: Fetcher, *, config: WebConfig, scope: Scope, known: Container[str]) -> None:
        self._fetcher = fetcher
        self._config = config
        self._scope = scope
        self._known = known
        self._slots = asyncio.Semaphore(config.concurrency)
        self._asked: set[str] = set()
        self._pages = 0
        self.findings = Findings()

    async def run(self) -> Findings:
        """Begin at the seed and go on by what it turns out to be."""
        seed = self._scope.seed
        self._asked.add(seed)
        outcome = await self._fetcher.get(seed, accept=is_entrance)
        if isinstance(outcome, Trouble):
            self.findings.failures.append(SourceFailure(document=seed, error=outcome.error))
            self.findings.reasons.append(f"{seed}: {outcome.error}")
            return self.findings
        try:
            sitemap = None if is_html(outcome) else parse_sitemap(outcome.body)
        except ValueError as error:
            self._broken_sitemap(seed, str(error))
            return self.findings
        if sitemap is not None:
            await self._go_through(sitemap, outcome.url)
        else:
            self._asked.add(outcome.url)
            self._pages = 1
            await self._follow_links(_visit(outcome, self._scope))
        return self.findings

    async def _follow_links(self, first: Visit) -> None:
        self._take(first)
        wave = self._unasked(_onward(first))
        for _ in range(self._config.depth):
            visits = await self._fetch_all(wave, listed=False)
            wave = self._unasked([link for visit in visits for link in _onward(visit)])
            if not wave:
                return

    async def _go_through(self, sitemap: Sitemap, url: str) -> None:
        pages: list[str] = []
        queue, read = [(sitemap, url)], 1
        while queue:
            current, base = queue.pop(0)
            if current.kind == "pages":
                pages += self._listed(current, base)
                continue
            for address in self._listed(current, base):
                if address in self._asked:
                    continue
                if read >= MAX_SITEMAPS:
                    self.findings.reasons.append(f"more than {MAX_SITEMAPS} sitemaps")
                    break
                self._asked.add(address)
                read += 1
                child = await self._fetch_sitemap(address)
                if child is not None:
                    queue.append((child, address))
        await self._fetch_all(self._unasked(pages), listed=True)

    async def _fetch_sitemap(self, url: str) -> Sitemap | None:
        outcome = await self._fetcher.get(url, accept=is_entrance)
        if isinstance(outcome, Trouble):
            self._broken_sitemap(url, outcome.error)
            return None
        try:
            sitemap = parse_sitemap(outcome.body)
        except ValueError as error:
            self._broken_sitemap(url, str(error))
            return None
        if sitemap is None:
            self._broken_sitemap(url, "is not a sitemap")
        return sitemap

    def _broken_sitemap(self, url: str, error: str) -> None:
        self.findings.failures.append(SourceFailure(document=url, error=error))
        self.findings.reasons.append(f"sitemap {url}: {error}")

    def _listed(self, sitemap: Sitemap, base: str) -> list[str]:
        """The addresses of a sitemap that may be fetched."""
        urls: list[str] = []
        for address in sitemap.addresses:
            url = normal_url(address, base=base)
            objection = "not an address of a page" if url is None else self._scope.objection(url)
            if url is None or objection:
                self.findings.failures.append(SourceFailure(document=address, error=objection, keeps=False))
            elif sitemap.kind == "sitemaps" or self._scope.wants(url):
                urls.append(url)
        return urls

    def _unasked(self, urls: Sequence[str]) -> list[str]:
        fresh = [url for url in dict.fromkeys(urls) if url not in self._asked]
        return [url for url in fresh if not self._scope.objection(url) and self._scope.wants(url)]

    async def _fetch_all(self, urls: Sequence[str], *, listed: bool) -> list[Visit]:
        """Fetch a wave within what `max_pages` leaves; `listed` pages are expected to be documents."""
        room = max(0, self._config.max_pages - self._pages)
        if len(urls) > room:
            beyond = (
                f"stopped at max_pages = {self._config.max_pages}; {len(urls) - room} more pages were found"
            )
            self.findings.reasons.append(beyond)
        wave = urls[:room]
        self._asked.update(wave)
        self._pages += len(wave)
        outcomes = await asyncio.gather(*(self._fetch(url) for url in wave))
        visits: list[Visit] = []
        for url, outcome in zip(wave, outcomes, strict=True):
            if isinstance(outcome, Trouble):
                self._note(url, outcome, listed=listed)
            else:
                self._asked.add(outcome.page)
                self._take(outcome)
                visits.append(outcome)
        return visits

    async def _fetch(self, url: str) -> Visit | Trouble:
        # The body is let go here, inside the slot, so that no more than `concurrency` of them are held.
        async with self._slots:
            outcome = await self._fetcher.get(url, accept=is_document)
            return outcome if isinstance(outcome, Trouble) else _visit(outcome, self._scope)

    def _take(self, visit: Visit) -> None:
        self.findings.visits.append(visit)
        if not visit.indexed:
            self.findings.absent.add(visit.page)

    def _note(self, url: str, trouble: Trouble, *, listed: bool) -> None:
        """Record what a page did not give; what a crawl merely links to outside its scope is no failure."""
        document = trouble.url if trouble.url in self._known else url
        error = trouble.error if trouble.url == url else f"{trouble.error} (at {trouble.url})"
        if trouble.kind == "gone":
            self.findings.absent.update((url, trouble.url))
        elif trouble.kind in ("outside", "unwanted"):
            self.findings.absent.add(url)
            if listed:
                self.findings.failures.append(SourceFailure(document=url, error=error, keeps=False))
        else:
            self.findings.failures.append(SourceFailure(document=document, error=error))
            # A page that was never seen hides only what was never seen either, unless it may yet answer.
            if trouble.kind == "temporary" or url in self._known or trouble.url in self._known:
                self.findings.reasons.append(f"{document}: {error}")


def is_html(page: Page) -> bool:
    """Whether a page has links to follow; a page without a type counts as HTML if it begins like it."""
    if page.media_type is None:
        return page.body[:512].lstrip().lower().startswith((b"<!doctype html", b"<html"))
    return page.media_type in _HTML


def is_document(media_type: str) -> bool:
    """Whether a media type is one that becomes a document; none at all is left to parsing."""
    return not media_type or (media_type.startswith(_DOCUMENT_TYPES) and media_type not in _CODE_OF_PAGES)


def is_entrance(media_type: str) -> bool:
    """Whether a media type may be where a listing begins: a document or a sitemap."""
    return is_document(media_type) or media_type in _SITEMAP_TYPES


def _onward(visit: Visit) -> list[str]:
    return [*visit.links, *filter(None, [visit.canonical])]


def _visit(page: Page, scope: Scope) -> Visit:
    facts = PageFacts(links=(), canonical=None, directives=frozenset())
    if is_html(page):
        facts = read_page(page.body, url=page.url, charset=page.charset)
    directives = facts.directives | page.directives
    canonical = facts.canonical
    if canonical == page.url or (canonical and (scope.objection(canonical) or not scope.wants(canonical))):
        canonical = None
    return Visit(
        page=page.url,
        canonical=canonical,
        indexed="noindex" not in directives and is_document(page.media_type or "") and scope.wants(page.url),
        links=() if "nofollow" in directives else facts.links,
        blob=page.blob,
        body_hash=page.body_hash,
        size_bytes=len(page.body),
        media_type=page.media_type,
        charset=page.charset,
        modified_at_us=page.modified_at_us,
    )
