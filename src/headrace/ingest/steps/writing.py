"""What a document becomes by the outputs of a step."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace

from headrace.ingest.steps.pieces import Piece, joined
from headrace.records.document import Heading, ParsedDocument, Value


def with_fields(document: ParsedDocument, fields: Mapping[str, Value]) -> ParsedDocument:
    """The document with metadata fields beside, or in the place of, what it says of itself."""
    return replace(document, metadata={**document.metadata, **fields}) if fields else document


def with_text(
    document: ParsedDocument, spans: Sequence[Piece], replacements: Sequence[str]
) -> ParsedDocument:
    """The document with parts of its text replaced.

    Pages begin where their first part begins. Headings are looked up again in their part; one that is gone
    is left out, so that no path claims what the text does not say.
    """
    text, starts = joined(document.text, spans, replacements)
    ends = [start + len(by) for start, by in zip(starts, replacements, strict=True)]
    return replace(
        document,
        text=text,
        headings=_headings(document, spans, text, starts, ends),
        pages=_pages(document, spans, text, starts),
    )


def _headings(
    document: ParsedDocument, spans: Sequence[Piece], text: str, starts: Sequence[int], ends: Sequence[int]
) -> list[Heading]:
    found: list[Heading] = []
    at = 0
    for heading in document.headings:
        place = next(
            (index for index, span in enumerate(spans) if span.start <= heading.start < span.end), None
        )
        if place is None:
            continue
        words = text.find(heading.text, max(at, starts[place]), ends[place])
        if words < 0:
            continue
        # A heading begins with its line, marks included.
        line = max(text.rfind("\n", 0, words) + 1, starts[place])
        found.append(replace(heading, start=line))
        at = words + len(heading.text)
    return found


def _pages(document: ParsedDocument, spans: Sequence[Piece], text: str, starts: Sequence[int]) -> list[int]:
    begins = [span.start for span in spans]
    pages: list[int] = []
    for page in document.pages:
        place = bisect_left(begins, page)
        moved = starts[place] if place < len(starts) else len(text)
        pages.append(moved if pages else 0)
    return pages
