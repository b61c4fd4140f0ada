"""E-mail: subject, sender and date as fields, the text or HTML body as text, attachments named."""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

from headrace.errors import LimitExceeded, ParseError
from headrace.ingest.parsing.base import Hints
from headrace.ingest.parsing.decoding import decode
from headrace.ingest.parsing.htmlpage import parse_html
from headrace.records.document import ParsedDocument, Scalar

_BOUNDARY = re.compile(rb"boundary\s*=\s*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.I)
_MAX_PARTS = 1_000
_MAX_BOUNDARIES = 200
_MAX_FIELD_CHARS = 1_000
_FIELDS = (("From", "from"), ("To", "to"), ("Cc", "cc"), ("Message-ID", "message_id"))


def parse_mail(data: bytes, *, name: str, hints: Hints) -> ParsedDocument:
    """Read a message. Raises ParseError when it has no text, LimitExceeded when it has too many parts."""
    _check_parts(data)
    from email import policy
    from email.parser import BytesParser

    try:
        message = BytesParser(EmailMessage, policy=policy.default).parsebytes(data)
        body, attachments = _body(message)
    except (RecursionError, LookupError, ValueError, AttributeError, TypeError, IndexError) as error:
        raise ParseError(
            f"damaged: a message that cannot be read ({error}).", hint="Export it again."
        ) from error
    warnings = [f"attachment not read: {attachment}" for attachment in attachments]
    return _document(message, body, warnings=warnings, name=name, hints=hints)


def _document(
    message: EmailMessage, body: EmailMessage | None, *, warnings: list[str], name: str, hints: Hints
) -> ParsedDocument:
    subject, metadata = _fields(message)
    content = body.get_payload(decode=True) if body is not None else None
    if body is None or not isinstance(content, bytes) or not content.strip():
        raise ParseError(
            "empty: the message holds no text.", hint="Its attachments are not read; save them as files."
        )
    charset = body.get_content_charset()
    if body.get_content_type() == "text/html":
        page = parse_html(content, name=name, hints=replace(hints, charset=charset))
        return replace(
            page,
            media_type="message/rfc822",
            title=subject or page.title,
            metadata=metadata,
            warnings=[*page.warnings, *warnings],
        )
    decoded = decode(content, charset)
    return ParsedDocument(
        text=decoded.text.replace("\r\n", "\n"),
        kind="text",
        media_type="message/rfc822",
        title=subject,
        metadata=metadata,
        warnings=[*decoded.warnings, *warnings],
    )


def _check_parts(data: bytes) -> None:
    """Refuse early: counting boundary lines is quick, parsing 100,000 parts takes a quarter of a minute."""
    boundaries: set[bytes] = set()
    for match in _BOUNDARY.finditer(data):
        boundaries.add(match[1] or match[2])
        if len(boundaries) > _MAX_BOUNDARIES:
            break
    parts = sum(data.count(b"\n--" + boundary) for boundary in boundaries)
    if parts > _MAX_PARTS or len(boundaries) > _MAX_BOUNDARIES:
        raise LimitExceeded(
            f"A message of more than {_MAX_PARTS} parts.",
            hint="Save the parts that matter as files.",
            parts=parts,
        )


def _body(message: EmailMessage) -> tuple[EmailMessage | None, list[str]]:
    """The plain text if there is any, else the HTML; and the names of what hangs on the message."""
    plain: EmailMessage | None = None
    html: EmailMessage | None = None
    attachments: list[str] = []
    for part in message.walk():
        if part.is_multipart() or not isinstance(part, EmailMessage):
            continue
        kind = part.get_content_type()
        if part.get_filename() or part.is_attachment():
            attachments.append(str(part.get_filename() or kind)[:200])
        elif kind == "text/plain" and plain is None:
            plain = part
        elif kind == "text/html" and html is None:
            html = part
        elif not kind.startswith("text/"):
            attachments.append(kind)
    if plain is not None and html is not None and not _holds_text(plain):
        plain = None
    return plain or html, attachments


def _holds_text(part: EmailMessage) -> bool:
    content: Any = part.get_payload(decode=True)
    return isinstance(content, bytes) and bool(content.strip())


def _fields(message: EmailMessage) -> tuple[str | None, dict[str, Scalar]]:
    metadata: dict[str, Scalar] = {}
    for header, field in _FIELDS:
        value = _header(message, header)
        if value:
            metadata[field] = value
    date = message.get("Date")
    moment = getattr(date, "datetime", None)
    if moment is not None:
        metadata["date"] = moment.isoformat()
    return _header(message, "Subject") or None, dict(sorted(metadata.items()))


def _header(message: EmailMessage, name: str) -> str:
    value = str(message.get(name) or "")
    # Bytes that are no text come back as lone surrogates, which no store takes.
    clean = value.encode("utf-8", errors="replace").decode("utf-8")
    return " ".join(clean.split())[:_MAX_FIELD_CHARS]
