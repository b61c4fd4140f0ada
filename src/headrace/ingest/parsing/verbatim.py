"""Texts that are kept exactly as their authors wrote them, so that spans point into the original."""

from __future__ import annotations

import re

from headrace.ingest.parsing.base import Hints
from headrace.ingest.parsing.decoding import Decoded, decode, decode_utf8
from headrace.ingest.parsing.outline import find_headings, read_front_matter
from headrace.ingest.parsing.sniff import Sniffed
from headrace.records.document import ParsedDocument, Value

_XML_ENCODING = re.compile(rb"<\?xml[^>]*encoding=[\"']([A-Za-z0-9_.:-]+)[\"']")


def parse_verbatim(data: bytes, *, sniffed: Sniffed, hints: Hints) -> ParsedDocument:
    """Decode Markdown, plain text or code; find the headings of Markdown. Raises ParseError."""
    charset = hints.charset
    if sniffed.media_type == "application/xml" and (match := _XML_ENCODING.match(data[:256].lstrip())):
        charset = match[1].decode("ascii")
    return _document(decode(data, charset), sniffed)


def parse_quickly(data: bytes, sniffed: Sniffed) -> ParsedDocument | None:
    """The same for UTF-8, which needs no detection; None when it is something else. Raises ParseError."""
    decoded = decode_utf8(data)
    return None if decoded is None else _document(decoded, sniffed)


def _document(decoded: Decoded, sniffed: Sniffed) -> ParsedDocument:
    text, encoding, warnings = decoded
    metadata: dict[str, Value] = {} if encoding == "utf-8" else {"charset": encoding}
    if sniffed.format == "markdown":
        return _markdown(text, metadata=metadata, warnings=warnings)
    return ParsedDocument(
        text=text,
        kind="code" if sniffed.format == "code" else "text",
        media_type=sniffed.media_type,
        title=None,
        metadata=metadata,
        warnings=warnings,
    )


def _markdown(text: str, *, metadata: dict[str, Value], warnings: tuple[str, ...]) -> ParsedDocument:
    fields, body_start, problems = read_front_matter(text)
    headings = find_headings(text, start=body_start)
    title = fields.pop("title", None)
    if title is None or isinstance(title, list):
        title = next((heading.text for heading in headings if heading.level == 1), None)
    return ParsedDocument(
        text=text,
        kind="markdown",
        media_type="text/markdown",
        title=str(title) if title is not None else None,
        headings=headings,
        metadata={**fields, **metadata},
        warnings=(*warnings, *problems),
    )
