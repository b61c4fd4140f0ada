"""Reads sitemaps and sitemap indexes (sitemaps.org), plain or gzipped."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Literal
from xml.parsers.expat import ExpatError, ParserCreate

MAX_BYTES = 50_000_000
"""Uncompressed, as the protocol allows."""
_MAGIC = b"\x1f\x8b"
_ROOTS: dict[str, Literal["pages", "sitemaps"]] = {"urlset": "pages", "sitemapindex": "sitemaps"}
_ENTRIES = {"url", "sitemap"}


@dataclass(slots=True)
class Sitemap:
    """What a sitemap lists."""

    kind: Literal["pages", "sitemaps"]
    """Whether its addresses are pages or further sitemaps."""
    addresses: list[str] = field(default_factory=list)
    """As written, in order."""


def parse_sitemap(data: bytes) -> Sitemap | None:
    """Read a sitemap; None when the data is something else. Raises ValueError when it is a broken one."""
    text = _unpacked(data) if data.startswith(_MAGIC) else data
    if b"urlset" not in text[:4096] and b"sitemapindex" not in text[:4096]:
        return None
    reader = _Reader()
    parser = ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    # Sitemaps need no document type; without one there are no entities that could grow.
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(text, True)
    except ExpatError as error:
        if reader.sitemap is None:
            return None
        raise ValueError(f"not well-formed XML: {error}") from error
    return reader.sitemap


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(data, MAX_BYTES + 1)
    except zlib.error as error:
        raise ValueError(f"not readable gzip: {error}") from error
    if len(text) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes when unpacked")
    if not unpacker.eof:
        raise ValueError("gzip that ends too early")
    return text


class _Reader:
    def __init__(self) -> None:
        self.sitemap: Sitemap | None = None
        self._path: list[str] = []
        self._text: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if not self._path and local in _ROOTS:
            self.sitemap = Sitemap(kind=_ROOTS[local])
        self._path.append(local)
        self._text.clear()

    def end(self, name: str) -> None:
        # An image or video of an entry has a `loc` too, one level deeper.
        if self.sitemap is not None and self._path[-1] == "loc" and len(self._path) == 3:
            address = "".join(self._text).strip()
            if self._path[1] in _ENTRIES and address:
                self.sitemap.addresses.append(address)
        self._path.pop()
        self._text.clear()

    def text(self, data: str) -> None:
        self._text.append(data)

    def doctype(self, name: str, system: str | None, public: str | None, internal: bool) -> None:
        raise ValueError("a document type declaration, which a sitemap must not have")
