"""From bytes to a document: find the format, call its parser, check what comes back."""

from __future__ import annotations

from headrace.errors import LimitExceeded
from headrace.ingest.parsing.base import Hints
from headrace.ingest.parsing.sniff import Sniffed, sniff
from headrace.ingest.parsing.verbatim import parse_quickly, parse_verbatim
from headrace.records.document import ParsedDocument

_QUICK_BYTES = 1024 * 1024
_VERBATIM = ("markdown", "text", "code")


def parse(data: bytes, *, name: str, hints: Hints) -> ParsedDocument:
    """Parse anything. Raises ParseError and LimitExceeded; meant for a worker process."""
    _check_input(data, hints=hints)
    sniffed = sniff(data, name=name, media_type=hints.media_type)
    if sniffed.format == "gzip":
        return _parse_gzip(data, name=name, hints=hints)
    document = _parse_as(data, sniffed=sniffed, name=name, hints=hints)
    if len(document.text) > hints.max_text_chars:
        raise LimitExceeded(
            f"A document with {len(document.text)} characters of text; allowed are {hints.max_text_chars}.",
            hint="Split the document.",
        )
    return document


def parse_here(data: bytes, *, name: str, hints: Hints) -> ParsedDocument | None:
    """Parse what needs no parser: short UTF-8 Markdown, text and code. None for everything else.

    Raises ParseError for bytes that are certain to hold no text.
    """
    if len(data) > _QUICK_BYTES:
        return None
    sniffed = sniff(data, name=name, media_type=hints.media_type)
    return parse_quickly(data, sniffed) if sniffed.format in _VERBATIM else None


def _check_input(data: bytes, *, hints: Hints) -> None:
    if len(data) > hints.max_input_bytes:
        raise LimitExceeded(
            f"A document of {len(data)} bytes; allowed are {hints.max_input_bytes}.",
            hint="Split the document.",
        )


def _parse_gzip(data: bytes, *, name: str, hints: Hints) -> ParsedDocument:
    from headrace.ingest.parsing.compressed import unpack_gzip

    limit = min(hints.max_input_bytes, 4 * hints.max_text_chars)
    inner = unpack_gzip(data, max_bytes=limit)
    stem = name[: -len(".gz")] if name.lower().endswith(".gz") else name
    sniffed = sniff(inner, name=stem)
    if sniffed.format == "gzip":
        raise LimitExceeded("Gzip inside gzip.", hint="Unpack it and point the source at what is inside.")
    return parse(inner, name=stem, hints=hints)


def _parse_as(data: bytes, *, sniffed: Sniffed, name: str, hints: Hints) -> ParsedDocument:
    """Each parser's libraries are imported only when a document needs them."""
    if sniffed.format == "html":
        from headrace.ingest.parsing.htmlpage import parse_html

        return parse_html(data, name=name, hints=hints)
    if sniffed.format == "pdf":
        from headrace.ingest.parsing.pdf import parse_pdf

        return parse_pdf(data, name=name, hints=hints)
    if sniffed.format == "office":
        from headrace.ingest.parsing.office import parse_office

        return parse_office(data, name=name, media_type=sniffed.media_type, hints=hints)
    if sniffed.format == "mail":
        from headrace.ingest.parsing.mail import parse_mail

        return parse_mail(data, name=name, hints=hints)
    return parse_verbatim(data, sniffed=sniffed, hints=hints)
