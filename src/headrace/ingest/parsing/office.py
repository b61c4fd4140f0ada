"""DOCX, PPTX, XLSX, ODT, EPUB and RTF to Markdown, by kreuzberg."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from typing import Any

from headrace.errors import HeadraceError, LimitExceeded, ParseError
from headrace.ingest.parsing.base import Hints
from headrace.ingest.parsing.containers import EPUB, PPTX, XLSX
from headrace.ingest.parsing.outline import find_headings
from headrace.records.document import Heading, ParsedDocument, Scalar

_SLIDE_MARK = "\n\n\ue0f0{page_num}\ue0f1\n\n"
_SLIDE = re.compile("\\s*\ue0f0\\d+\ue0f1\\s*")
_BLANK_ROW = re.compile(r"^\|(?:[ \t]*\|)+[ \t]*\n?", re.M)
_BLANK_LINES = re.compile(r"\n{3,}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")
_SHEET = re.compile(r"^xl/worksheets/sheet\d+\.xml$")
_FIELDS = ("subject", "language")
_MAX_FIELD_CHARS = 1_000


def parse_office(data: bytes, *, name: str, media_type: str, hints: Hints) -> ParsedDocument:
    """Read an Office document. Raises ParseError when it is damaged or empty, LimitExceeded when too long."""
    result = _extract(data, media_type)
    content = _CONTROL.sub("", str(result.content)).replace("\r\n", "\n")
    if len(content) > hints.max_text_chars:
        raise LimitExceeded(
            f"A document with {len(content)} characters of text; allowed are {hints.max_text_chars}.",
            hint="Split the document.",
        )
    text, pages = _split_slides(content) if media_type == PPTX else (_tidy(content), [])
    headings = find_headings(text)
    if media_type == XLSX:
        _refuse_unread_sheets(data, text)
        pages = [heading.start for heading in headings if heading.level == 2]
    if not text.strip():
        raise ParseError(
            "empty: the document holds no text.", hint="Nothing to index; remove the file or fill it."
        )
    return ParsedDocument(
        text=text,
        kind="markdown",
        media_type=media_type,
        title=_title(headings, result.metadata, chaptered=media_type == EPUB),
        headings=headings,
        pages=pages,
        metadata=_metadata(result.metadata),
    )


def _extract(data: bytes, media_type: str) -> Any:
    import kreuzberg

    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        enable_quality_processing=False,
        output_format="markdown",
        disable_ocr=True,
        pages=kreuzberg.PageConfig(
            extract_pages=media_type == PPTX,
            insert_page_markers=media_type == PPTX,
            marker_format=_SLIDE_MARK,
        ),
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
    )
    try:
        return kreuzberg.extract_bytes_sync(data, media_type, config)
    except (HeadraceError, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # kreuzberg's PanicException derives from BaseException
        problem = " ".join(str(error).split())[:300]
        if "password" in problem.lower() or "encrypted" in problem.lower():
            raise ParseError(
                "password-protected: an encrypted Office document.", hint="Save a copy without a password."
            ) from error
        raise ParseError(
            f"damaged: {problem or type(error).__name__}.", hint="Save the document again."
        ) from error


def _tidy(content: str) -> str:
    """Rows and lines that hold nothing tell nothing; a sheet may claim a million of them."""
    return _BLANK_LINES.sub("\n\n", _BLANK_ROW.sub("", content)).strip("\n")


def _split_slides(content: str) -> tuple[str, list[int]]:
    """The text without the marks that stood before each slide, and where each begins."""
    slides = [_tidy(slide) for slide in _SLIDE.split(content)]
    if slides and not slides[0].strip():
        slides = slides[1:]
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    for slide in slides:
        separator = "\n\n" if parts and slide else ""
        length += len(separator)
        starts.append(length)
        parts.append(separator + slide)
        length += len(slide)
    return "".join(parts), starts


def _refuse_unread_sheets(data: bytes, text: str) -> None:
    """A sheet whose cells span too many rows comes back as nothing; that must not pass for an empty one."""
    if text.strip():
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.namelist():
            if _SHEET.match(member) and _holds_cells(archive, member):
                raise LimitExceeded(
                    "A sheet whose cells lie too far apart to be read as a table.",
                    hint="Delete the cells far below or right of the table, or export it as CSV.",
                )


def _holds_cells(archive: zipfile.ZipFile, member: str) -> bool:
    with archive.open(member) as stream:
        return b"<c " in stream.read(4 * 1024 * 1024)


def _title(headings: Sequence[Heading], metadata: Any, *, chaptered: bool) -> str | None:
    """The first heading of the first level, except in a book, where it is a chapter's."""
    first = next((heading.text for heading in headings if heading.level == 1), None)
    declared = str(metadata.get("title") or "").strip()[:_MAX_FIELD_CHARS] or None
    return declared or first if chaptered else first or declared


def _metadata(metadata: Any) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    authors = [str(author) for author in metadata.get("authors") or () if author]
    if authors:
        found["author"] = ", ".join(authors)[:_MAX_FIELD_CHARS]
    for field in _FIELDS:
        value = metadata.get(field)
        if isinstance(value, str) and value.strip():
            found[field] = value.strip()[:_MAX_FIELD_CHARS]
    for key, field in (("created_at", "created"), ("modified_at", "modified")):
        value = metadata.get(key)
        if isinstance(value, str) and value:
            found[field] = value[:40]
    return dict(sorted(found.items()))
