"""What passes between the pool and its workers: CBOR maps, each after its length in four bytes."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

import cbor2

from headrace.errors import DocumentError, LimitExceeded, ParseError
from headrace.records.document import Heading, ParsedDocument

HEADER = struct.Struct(">I")
_ERRORS: dict[str, type[DocumentError]] = {"ParseError": ParseError, "LimitExceeded": LimitExceeded}


def pack(message: dict[str, Any]) -> bytes:
    """One frame."""
    body = cbor2.dumps(message)
    return HEADER.pack(len(body)) + body


def unpack(body: bytes) -> dict[str, Any]:
    """The map in a frame's body. Raises ValueError for anything else."""
    message = cbor2.loads(body)
    if not isinstance(message, dict):
        raise ValueError("a frame holds no map")
    return message


def read_frame(stream: BinaryIO) -> dict[str, Any] | None:
    """The next frame of a blocking stream; None at its end."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (length,) = HEADER.unpack(header)
    body = stream.read(length)
    return unpack(body) if len(body) == length else None


def document_to_map(document: ParsedDocument) -> dict[str, Any]:
    """A document as plain values."""
    return {
        "text": document.text,
        "kind": document.kind,
        "media_type": document.media_type,
        "title": document.title,
        "headings": [[heading.start, heading.level, heading.text] for heading in document.headings],
        "pages": list(document.pages),
        "metadata": dict(document.metadata),
        "warnings": list(document.warnings),
    }


def document_from_map(values: dict[str, Any]) -> ParsedDocument:
    """The document again. Raises KeyError, TypeError or ValueError for a map of another shape."""
    headings = [
        Heading(start=int(start), level=int(level), text=str(text))
        for start, level, text in values["headings"]
    ]
    title = values["title"]
    return ParsedDocument(
        text=str(values["text"]),
        kind=values["kind"],
        media_type=str(values["media_type"]),
        title=None if title is None else str(title),
        headings=headings,
        pages=[int(page) for page in values["pages"]],
        metadata=dict(values["metadata"]),
        warnings=[str(warning) for warning in values["warnings"]],
    )


def error_to_map(error: DocumentError) -> dict[str, Any]:
    """An error as plain values."""
    kind = "LimitExceeded" if isinstance(error, LimitExceeded) else "ParseError"
    details = {key: str(value) for key, value in error.details.items()}
    return {"type": kind, "message": error.message, "hint": error.hint, "details": details}


def error_from_map(values: dict[str, Any]) -> DocumentError:
    """The error again."""
    kind = _ERRORS.get(str(values["type"]), ParseError)
    return kind(str(values["message"]), hint=str(values["hint"]), **values["details"])
