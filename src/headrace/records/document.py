"""What comes out of a source, and what parsing and chunking make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from headrace.records.gates import Judgement

Scalar = str | int | float | bool | None
"""A metadata value as sources give it."""

Value = Scalar | list[str]
"""A metadata value: a scalar, or the texts of a field that is declared as a list."""

TextKind = Literal["markdown", "text", "code"]
"""How a chunker may read the structure of a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The bytes of one document as its source gave them."""

    data: bytes
    """Raw bytes; their hash is the revision."""
    media_type: str | None = None
    """What the source claims (HTTP header, record); parsing sniffs the bytes and trusts them more."""
    charset: str | None = None
    """What the source claims."""
    modified_at_us: int | None = None
    """When its source says it changed, UTC microseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceItem:
    """One document in a listing; `read` fetches its bytes."""

    uri: str
    """Stable name: relative to the workspace for files in it, `<file>#<id>` for records, the canonical URL
    for web."""
    stamp: str
    """Opaque token that changes whenever content may have changed (size, times and inode; row hash; ETag).
    Equal means unchanged."""
    read: Callable[[], Content]
    """Fetches the bytes. Raises ReadError."""
    size_bytes: int | None = None
    modified_at_us: int | None = None
    """When the content changed at its origin, UTC microseconds."""
    metadata: Mapping[str, Scalar] = field(default_factory=dict)
    """Fields the source declares; part of the document's identity."""
    labels: tuple[str, ...] | None = None
    """Access labels the source declares; None leaves it to the corpus rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFailure:
    """Something in a source that could not be listed or read."""

    document: str
    """URI or path, as far as it is known."""
    error: str
    keeps: bool = True
    """True when the document exists but could not be seen, so its absence from the listing is no deletion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a source holds now."""

    source: str
    """Name of the source: the string its configuration gave."""
    items: Sequence[SourceItem]
    complete: bool
    """The completeness token: True only when everything was seen, so that absence means deletion."""
    reason: str = ""
    """Why it is not complete."""
    failures: Sequence[SourceFailure] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What the ledger remembers of a document from its source's last listing."""

    uri: str
    source: str
    stamp: str
    revision: str
    verified_at_us: int
    """When its bytes were last hashed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading inside a normalised text."""

    start: int
    """Character offset where its section begins (the heading itself included)."""
    level: int
    """1 is the highest."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDocument:
    """A document as normalised text with its structure; spans are character offsets into `text`."""

    text: str
    kind: TextKind
    media_type: str
    """Sniffed from the bytes."""
    title: str | None
    headings: Sequence[Heading] = ()
    """In order of `start`."""
    pages: Sequence[int] = ()
    """Start offset of each page (first is page 1); empty when the format has none."""
    metadata: Mapping[str, Value] = field(default_factory=dict)
    """What the document says of itself (author, language…); deterministic for given bytes."""
    warnings: Sequence[str] = ()
    judgement: Judgement | None = None
    """What the gates said; None where no gate has judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkSpan:
    """Where a chunk lies in its document."""

    start: int
    end: int
    """Half-open character span into the normalised text."""
    page: int | None
    """1-based page of the first character."""
    headings: tuple[str, ...]
    """Heading path at the first character, outermost first."""
