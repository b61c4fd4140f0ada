"""What a source is, and how each kind of source is configured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from headrace.records.document import Listing, Observation

DEFAULT_FILE_BYTES = 50_000_000
DEFAULT_TABLE_BYTES = 2_000_000_000
DEFAULT_PAGE_BYTES = 20_000_000
SERVICE_KEYS = ("freshness", "objective")
"""Keys that every kind of source has, those of plugins too."""


@runtime_checkable
class Source(Protocol):
    """Something that can say which documents it holds now.

    Example: a source of one document.

        class Motto:
            name = "motto"

            def list(self, known: Mapping[str, Observation]) -> Listing:
                item = SourceItem(uri="motto", stamp="1", read=lambda: Content(data=b"Flow."))
                return Listing(source=self.name, items=[item], complete=True)
    """

    @property
    def name(self) -> str:
        """The string of the configuration: a path, a glob or a URL."""

    def list(self, known: Mapping[str, Observation]) -> Listing:
        """See what is there now; `known` holds what the ledger remembers of this source, by URI.

        Never raises for what it finds: what could not be seen is a failure in the listing, and a listing that
        did not see everything says so by `complete=False` with a reason.
        """


class BlobCache(Protocol):
    """Where a source keeps bytes between listings, by content."""

    def put(self, data: bytes) -> str:
        """Keep bytes; gives the key to read them by."""

    def get(self, key: str) -> bytes | None:
        """The bytes, or None when the cache no longer holds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where sources find what belongs to them."""

    root: Path
    """The workspace folder: paths start here and URIs of files inside are relative to it."""
    cache: BlobCache
    """Holds fetched pages."""
    state: Path
    """Folder for what sources remember between listings (a web source: ETags); can be deleted at any time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesConfig:
    """`{ type = "files", path = "docs" }`, or just the path."""

    path: str
    """A folder (read with everything below it), a file, or a glob such as `docs/**/*.md`."""
    include: tuple[str, ...] = ()
    """Only files that match one of these patterns, all if empty; one without `/` matches names anywhere."""
    exclude: tuple[str, ...] = ()
    """Files and folders to leave out, by the same patterns."""
    max_bytes: int = field(default=DEFAULT_FILE_BYTES, metadata={"least": 1})
    """Larger files are recorded as failures and left unread."""
    dates: Literal["file", "git"] = "file"
    """When a file changed: by its own time, or by its last commit where it is in a git work tree."""
    freshness: str | None = None
    """By what age a change here is to be searchable: `15m`, `12h`, `7d`; see [freshness](freshness.md)."""
    objective: float = field(default=0.99, metadata={"least": 0})
    """Share of the changes of 30 days that are to meet it, below 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsConfig:
    """`{ type = "records", path = "corpus.jsonl", id = "id", text = ["title", "text"] }`."""

    path: str
    """A file or glob of JSONL, CSV, TSV (each also as .gz) or Parquet."""
    id: str
    """The column whose value names a document; text or whole numbers."""
    text: tuple[str, ...]
    """Columns that make the text, joined by a blank line."""
    title: str | None = None
    """A column put above the text: as a level 1 heading when `format` is markdown, else as its first line."""
    metadata: tuple[str, ...] = ()
    """Columns kept as metadata with their types; lists and objects become JSON text."""
    access: str | None = None
    """A column of access labels: a list, or text separated by commas; a row without any nobody may see."""
    modified: str | None = None
    """A column with the time of the last change: ISO 8601 (UTC unless it says so) or seconds since 1970."""
    format: Literal["text", "markdown"] = "text"
    """How to read the text."""
    max_bytes: int = field(default=DEFAULT_TABLE_BYTES, metadata={"least": 1})
    """Uncompressed bytes read from one table; what lies beyond makes the listing incomplete."""
    freshness: str | None = None
    """By what age a change here is to be searchable: `15m`, `12h`, `7d`; see [freshness](freshness.md)."""
    objective: float = field(default=0.99, metadata={"least": 0})
    """Share of the changes of 30 days that are to meet it, below 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """`{ type = "web", url = "https://example.org/sitemap.xml" }`, or just the URL."""

    url: str
    """A sitemap, a sitemap index (both also as .gz), or the page where a crawl begins."""
    depth: int = field(default=3, metadata={"least": 0})
    """How many links away from `url` a crawl goes; a sitemap's pages are taken as they are."""
    max_pages: int = field(default=1000, metadata={"least": 1})
    """Pages fetched at most; if there are more, the listing is incomplete."""
    domains: tuple[str, ...] = ()
    """Hosts to contact (`example.org`, `*.example.org`, `example.org:8080`); by default that of `url`."""
    include: tuple[str, ...] = ()
    """Only these pages are read: globs of the path if they begin with `/`, else of the whole URL."""
    exclude: tuple[str, ...] = ()
    """Pages never fetched, by the same patterns."""
    delay_seconds: float = field(default=0.2, metadata={"least": 0})
    """Least time between two requests to a host; a longer Crawl-delay in robots.txt wins, up to a minute."""
    concurrency: int = field(default=4, metadata={"least": 1})
    """Requests under way at once."""
    timeout_seconds: float = field(default=30.0, metadata={"least": 0.01})
    """For one request, body included."""
    retries: int = field(default=2, metadata={"least": 0})
    """Further tries after a 429, a 5xx, a timeout or a broken connection."""
    backoff_seconds: float = field(default=0.5, metadata={"least": 0})
    """Wait before the first retry, doubled for each one after; Retry-After wins, up to half a minute."""
    max_bytes: int = field(default=DEFAULT_PAGE_BYTES, metadata={"least": 1})
    """Larger bodies are recorded as failures."""
    allow_private: bool = False
    """Let the hosts in `domains` resolve to private addresses, for sites of an intranet."""
    freshness: str | None = None
    """By what age a change here is to be searchable: `15m`, `12h`, `7d`; see [freshness](freshness.md)."""
    objective: float = field(default=0.99, metadata={"least": 0})
    """Share of the changes of 30 days that are to meet it, below 1."""


SourceConfig = FilesConfig | RecordsConfig | WebConfig
