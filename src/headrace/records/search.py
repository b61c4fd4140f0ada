"""What a search and an answer give back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace.records.document import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One chunk found by a search."""

    rank: int
    """1 is the best."""
    score: float
    """Fused score in [0, 1]."""
    chunk_id: str
    document: str
    """Stable URI."""
    revision: str
    text: str
    span: tuple[int, int]
    """Half-open character span into the document's normalised text."""
    page: int | None
    headings: tuple[str, ...]
    metadata: Mapping[str, Value]
    modified_at: str | None = None
    """When the content changed at its origin, RFC 3339; None when that is not known."""
    age_days: int | None = None
    """Whole days since then."""
    valid_to: str | None = None
    """Until when the document holds, as it says itself, RFC 3339."""
    superseded_by: str | None = None
    """URI of the document that holds instead, if the caller may see it."""
    marks: tuple[str, ...] = ()
    """Why it ranks lower: of `superseded`, `deprecated`, `expired`, `upcoming` and `later`."""
    aliases: tuple[str, ...] = ()
    """Near duplicates that its document stands for, if the caller may see them; those most alike first."""
    quality: float | None = None
    """Quality of the document, 0 to 1; None for one that was indexed before there was a score."""
    quality_parts: Mapping[str, float] = field(default_factory=dict)
    """What it is made of, each 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """The hits of one query and what was read to find them."""

    query: str
    generation: str
    trace_id: str
    hits: tuple[Hit, ...]
    warnings: tuple[str, ...] = ()
    """What made the result less than it could be, such as an embedder that is down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A verbatim quote and where it stands."""

    chunk_id: str
    document: str
    quote: str
    span: tuple[int, int]
    """Character span of the quote in the document's normalised text; empty where a step wrote it."""
    page: int | None = None
    headings: tuple[str, ...] = ()
    modified_at: str | None = None
    """When the content changed at its origin, RFC 3339; None when that is not known."""
    age_days: int | None = None
    """Whole days since then."""
    valid_to: str | None = None
    """Until when the document holds, as it says itself, RFC 3339."""
    superseded_by: str | None = None
    """URI of the document that holds instead, if the caller may see it."""
    marks: tuple[str, ...] = ()
    """Marks of the document: of `superseded`, `deprecated`, `expired`, `upcoming` and `later`."""
    aliases: tuple[str, ...] = ()
    """Near duplicates that the document stands for, if the caller may see them; those most alike first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer with checked citations."""

    answer: str
    citations: tuple[Citation, ...]
    trace_id: str
    release: str
    model: str
    prompt: str
    """Digest of the prompt version."""
    generation: str
    session: str | None = None
    """The session that question and answer were added to."""
    warnings: tuple[str, ...] = ()
    """What the caller should know, such as turns of the session that do not fit."""
