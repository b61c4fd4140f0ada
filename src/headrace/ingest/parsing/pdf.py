"""PDF to Markdown: pages, joined paragraphs, headings from the outline or the letter size."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from headrace.errors import LimitExceeded, ParseError
from headrace.ingest.parsing.base import Hints
from headrace.ingest.parsing.pdflayout import (
    find_heading_levels,
    largest_words,
    remove_running_lines,
    write_page,
)
from headrace.ingest.parsing.pdflines import Line, read_lines
from headrace.records.document import Heading, ParsedDocument, Scalar

_FIELDS = {"Author": "author", "Subject": "subject", "Keywords": "keywords"}
_DATES = {"CreationDate": "created", "ModDate": "modified"}
_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)")
_TOOL_TITLE = re.compile(
    r"^(?:untitled|microsoft (?:word|powerpoint|excel)\b|.*\.(?:docx?|pptx?|xlsx?|tex|dvi|indd)$)", re.I
)
_PASSWORD_ERROR = 4
_MAX_FIELD_CHARS = 1_000
_MAX_OUTLINE = 10_000


def parse_pdf(data: bytes, *, name: str, hints: Hints) -> ParsedDocument:
    """Read the text layer of a PDF. Raises ParseError when it is damaged, encrypted or has no text."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise _open_error(error) from error
    try:
        return _read(document, hints=hints)
    except pypdfium2.PdfiumError as error:
        raise ParseError(
            f"damaged: a PDF with an unreadable page ({error}).", hint="Export it again."
        ) from error
    finally:
        document.close()


def _open_error(error: Exception) -> ParseError:
    if getattr(error, "err_code", None) == _PASSWORD_ERROR or "password" in str(error).lower():
        return ParseError("password-protected: an encrypted PDF.", hint="Save a copy without a password.")
    return ParseError(f"damaged: a PDF that cannot be opened ({error}).", hint="Export it again.")


def _read(document: Any, *, hints: Hints) -> ParsedDocument:
    pages, warnings = _read_pages(document, hints=hints)
    if not any(pages):
        raise ParseError(
            f"empty: a PDF of {len(pages)} pages without a text layer.",
            hint="Run text recognition on the scan first.",
        )
    pages = remove_running_lines(pages)
    levels = find_heading_levels(pages, outline=_outline(document))
    text, headings, starts = _join(pages, levels)
    metadata, title = _metadata(document)
    if title is None:
        title = largest_words(pages[0]) or next(
            (heading.text for heading in headings if heading.level == 1), None
        )
    return ParsedDocument(
        text=text,
        kind="markdown",
        media_type="application/pdf",
        title=title,
        headings=headings,
        pages=starts,
        metadata=metadata,
        warnings=warnings,
    )


def _read_pages(document: Any, *, hints: Hints) -> tuple[list[list[Line]], list[str]]:
    pages: list[list[Line]] = []
    warnings: list[str] = []
    length = 0
    for index in range(len(document)):
        lines = read_lines(document, index)
        pages.append(lines)
        length += sum(len(line.text) for line in lines)
        if length > hints.max_text_chars:
            raise LimitExceeded(
                f"A PDF with more than {hints.max_text_chars} characters of text.", hint="Split the document."
            )
    blank = [str(number) for number, lines in enumerate(pages, start=1) if not lines]
    if blank and len(blank) < len(pages):
        listing = ", ".join(blank[:10]) + (", …" if len(blank) > 10 else "")
        warnings.append(f"{len(blank)} of {len(pages)} pages hold no text: {listing}")
    return pages, warnings


def _join(
    pages: Sequence[Sequence[Line]], levels: Mapping[int, Mapping[int, int]]
) -> tuple[str, list[Heading], list[int]]:
    parts: list[str] = []
    headings: list[Heading] = []
    starts: list[int] = []
    length = 0
    for number, lines in enumerate(pages):
        body, found = write_page(lines, levels=levels.get(number, {}))
        separator = "\n\n" if parts and body else ""
        length += len(separator)
        starts.append(length)
        headings.extend(Heading(start=length + at, level=level, text=words) for at, level, words in found)
        parts.append(separator + body)
        length += len(body)
    return "".join(parts), headings, starts


def _outline(document: Any) -> list[tuple[int, int, str]]:
    """Page index, level from 1, and words of each bookmark."""
    found: list[tuple[int, int, str]] = []
    for bookmark in document.get_toc(max_depth=6):
        destination = bookmark.get_dest()
        page = destination.get_index() if destination is not None else None
        words = " ".join(bookmark.get_title().split())
        if page is not None and words:
            found.append((page, bookmark.level + 1, words))
        if len(found) >= _MAX_OUTLINE:
            break
    return found


def _metadata(document: Any) -> tuple[dict[str, Scalar], str | None]:
    raw = {key: " ".join(value.split()) for key, value in document.get_metadata_dict().items() if value}
    metadata: dict[str, Scalar] = {
        field: raw[key][:_MAX_FIELD_CHARS] for key, field in _FIELDS.items() if raw.get(key)
    }
    for key, field in _DATES.items():
        match = _DATE.match(raw.get(key, ""))
        if match:
            metadata[field] = "-".join(match.groups())
    metadata["page_count"] = len(document)
    title = raw.get("Title", "")
    return metadata, title[:_MAX_FIELD_CHARS] if title and not _TOOL_TITLE.match(title) else None
