"""What a parser is, what it may use, and which components make its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from headrace.records.document import ParsedDocument

VERSION = 2
"""Rises whenever the text, headings, pages or metadata made from the same bytes change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParserConfig:
    """What parsing one document may cost. None of it changes the text of a document that parses."""

    timeout_seconds: float = 60.0
    """Wall time for one document."""
    memory_mb: int = 1024
    """Address space that one document may add to what its worker has in use."""
    max_input_bytes: int = 256 * 1024 * 1024
    """Largest document, and the most that a compressed one may unpack to."""
    max_text_chars: int = 20_000_000
    """Longest normalised text."""
    workers: int = 2
    """Worker processes."""
    documents_per_worker: int = 2_000
    """A worker is replaced after so many documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a source claims of some bytes, and the bounds to keep while reading them."""

    media_type: str | None = None
    charset: str | None = None
    max_input_bytes: int = 256 * 1024 * 1024
    max_text_chars: int = 20_000_000


@runtime_checkable
class Parser(Protocol):
    """Turns the bytes of one format into normalised text with its structure.

    Example:
        def parse_shouting(data: bytes, *, name: str, hints: Hints) -> ParsedDocument:
            text = data.decode().upper()
            return ParsedDocument(text=text, kind="text", media_type="text/plain", title=None)

    Raises ParseError when the bytes cannot be read as text, LimitExceeded when they ask for too much.
    """

    def __call__(self, data: bytes, *, name: str, hints: Hints) -> ParsedDocument: ...


def fingerprint() -> Mapping[str, str | int]:
    """Name the components whose change may change a text; part of the recipe digest."""
    from importlib.metadata import version

    libraries = ("charset-normalizer", "kreuzberg", "pypdfium2", "selectolax")
    return {"parser": "builtin", "version": VERSION, **{name: version(name) for name in libraries}}
