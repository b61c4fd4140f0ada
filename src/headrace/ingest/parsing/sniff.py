"""What some bytes are: the bytes decide, the name only where bytes cannot tell."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from headrace.errors import ParseError
from headrace.ingest.parsing.filetypes import CODE_TYPES, MARKDOWN_SUFFIXES, TEXT_TYPES

Format = Literal["markdown", "text", "code", "html", "pdf", "office", "mail", "gzip"]


class Sniffed(NamedTuple):
    """A format and the media type to record."""

    format: Format
    media_type: str


_SUPPORTED = (
    "Allowed: text, Markdown, source code, HTML, PDF, DOCX, PPTX, XLSX, ODT, EPUB, RTF, e-mail, gzip."
)
_BINARY: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"BM", "a BMP image"),
    (b"\0\0\1\0", "an icon"),
    (b"\x7fELF", "an executable"),
    (b"MZ", "an executable"),
    (b"\xca\xfe\xba\xbe", "an executable"),
    (b"\xcf\xfa\xed\xfe", "an executable"),
    (b"\0asm", "a WebAssembly module"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"!<arch>\n", "an ar archive"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"ID3", "an audio file"),
    (b"OggS", "an audio file"),
    (b"fLaC", "an audio file"),
    (b"RIFF", "an audio or video file"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"\0\1\0\0\0", "a font"),
    (b"OTTO", "a font"),
)
_AMBIGUOUS = (b"BM", b"MZ", b"ID3", b"RIFF", b"BZh", b"PAR1", b"OTTO", b"OggS", b"wOFF", b"wOF2", b"fLaC")
"""Also the beginning of ordinary texts; binary only if the rest is not text."""
_FIRST_BYTES = frozenset(magic[0] for magic, _ in _BINARY) | frozenset(b"%P{\xd0\x1f")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML_START = re.compile(rb"<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])", re.I)
_PROLOGUE = re.compile(rb"\s+|<!--.*?-->|<\?xml[^>]*\?>", re.S)
_MAIL_FIELD = re.compile(rb"(?im)^(from|to|date|subject|message-id|received|return-path|mime-version):[ \t]")


def sniff(data: bytes, *, name: str, media_type: str | None = None) -> Sniffed:
    """Find the format. Raises ParseError for empty, binary and password-protected files."""
    if not data:
        raise ParseError("empty: holds no bytes.", hint="Nothing to index; remove the file or fill it.")
    if data[0] in _FIRST_BYTES or data.startswith(b"{\\rtf"):
        magic = _sniff_magic(data)
        if magic is not None:
            return magic
    return _sniff_text(data, name=name, media_type=media_type)


def _sniff_magic(data: bytes) -> Sniffed | None:
    if data.startswith(b"\x1f\x8b"):
        return Sniffed("gzip", "application/gzip")
    if b"%PDF-" in data[:8]:
        return Sniffed("pdf", "application/pdf")
    if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
        from headrace.ingest.parsing.containers import sniff_zip

        return Sniffed("office", sniff_zip(data))
    if data.startswith(_OLE):
        from headrace.ingest.parsing.containers import sniff_ole

        return Sniffed("office", sniff_ole(data))
    if data.startswith(b"{\\rtf"):
        return Sniffed("office", "application/rtf")
    for magic, what in _BINARY:
        if data.startswith(magic) and not (magic in _AMBIGUOUS and b"\0" not in data[:4096]):
            raise ParseError(f"binary: {what}.", hint=_SUPPORTED, found=what)
    return None


def _sniff_text(data: bytes, *, name: str, media_type: str | None) -> Sniffed:
    claimed = (media_type or "").partition(";")[0].strip().lower()
    # The ending of a table says nothing of the text in one of its rows.
    is_row = "#" in name and claimed in ("text/plain", "text/markdown")
    suffix = "" if is_row else _suffix(name)
    head = data[:2048]
    if data[257:262] == b"ustar":
        raise ParseError("binary: a tar archive.", hint=_SUPPORTED, found="a tar archive")
    if suffix == "svg" or (b"<svg" in head and head.lstrip().startswith((b"<svg", b"<?xml"))):
        raise ParseError("binary: an SVG image.", hint=_SUPPORTED, found="an SVG image")
    if suffix in CODE_TYPES and suffix not in ("xml", "html"):
        return Sniffed("code", CODE_TYPES[suffix])
    if b"<" in head and _is_html(head, suffix=suffix, claimed=claimed):
        return Sniffed("html", "text/html")
    if suffix in MARKDOWN_SUFFIXES or claimed == "text/markdown":
        return Sniffed("markdown", "text/markdown")
    if suffix == "eml" or claimed == "message/rfc822" or _is_mail(head):
        return Sniffed("mail", "message/rfc822")
    if suffix == "xml" or claimed in ("application/xml", "text/xml") or head.lstrip().startswith(b"<?xml"):
        return Sniffed("code", "application/xml")
    if suffix in TEXT_TYPES:
        return Sniffed("text", TEXT_TYPES[suffix])
    if claimed in ("application/json", "application/yaml", "application/toml"):
        return Sniffed("code", claimed)
    return Sniffed("text", "text/csv" if claimed == "text/csv" else "text/plain")


def _is_html(head: bytes, *, suffix: str, claimed: str) -> bool:
    if suffix in ("html", "htm", "xhtml", "shtml"):
        return True
    if claimed in ("text/html", "application/xhtml+xml") and suffix not in MARKDOWN_SUFFIXES:
        return True
    # UTF-16 pages have a byte of zero between the letters.
    head = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
    position = 0
    while (prologue := _PROLOGUE.match(head, position)) is not None:
        position = prologue.end()
    return _HTML_START.match(head, position) is not None


def _is_mail(head: bytes) -> bool:
    first, _, _ = head.partition(b"\n")
    name, colon, _ = first.partition(b":")
    if not colon or not name or b" " in name:
        return False
    header = head.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    fields = {found.lower() for found in _MAIL_FIELD.findall(header)}
    return b"from" in fields and bool(fields & {b"message-id", b"received", b"return-path", b"mime-version"})


def _suffix(name: str) -> str:
    base = name.rpartition("/")[2].partition("#")[0]
    stem, dot, suffix = base.rpartition(".")
    return suffix.lower() if dot and stem else ""
