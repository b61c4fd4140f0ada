"""Bytes to text: byte order marks first, then UTF-8, then claims, then detection."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from headrace.errors import ParseError

_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES = 64 * 1024
_MULTIBYTE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_HIGH = re.compile(rb"[\x80-\xff]+")
_MULTI_BYTE = ["shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "iso2022_jp"]
_SINGLE_BYTE = [
    "cp1252",
    "cp1250",
    "cp1251",
    "koi8_r",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "cp874",
]
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SINGLE_BYTE_CLAIMS = frozenset({"ascii", "iso8859-1", "latin-1", "cp1252"})


class Decoded(NamedTuple):
    """A text and how it was read."""

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes, charset: str | None = None) -> Decoded:
    """Read bytes as text. Raises ParseError when they are binary or empty."""
    plain = decode_utf8(data)
    return plain if plain is not None else _decode_other(data, charset)


def decode_utf8(data: bytes) -> Decoded | None:
    """The quick way: UTF-8 with or without a byte order mark. None when it is something else."""
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    if b"\0" in data:
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    _refuse_blank(text)
    return Decoded(text, "utf-8")


def _decode_other(data: bytes, charset: str | None) -> Decoded:
    for mark, encoding in _BOMS[1:]:
        if data.startswith(mark):
            return _finish(data[len(mark) :], encoding)
    if b"\0" in data:
        return _finish(data, _wide_encoding(data, charset))
    repaired = _mostly_utf8(data)
    if repaired is not None:
        return repaired
    claimed = _known(charset)
    if claimed is not None and claimed not in ("utf-8", "ascii"):
        # Web servers say latin-1 where cp1252 is meant; the two differ in 27 printable characters.
        encoding = "cp1252" if claimed in _SINGLE_BYTE_CLAIMS else claimed
        try:
            return _finish(data, encoding)
        except ParseError:
            if encoding != "cp1252":
                return _detect(data)
            return _finish(data, "latin-1")
    return _detect(data)


def _finish(data: bytes, encoding: str) -> Decoded:
    try:
        text = data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise ParseError(
            f"binary: not text in {encoding!r}.", hint="Convert the file to UTF-8 text.", encoding=encoding
        ) from error
    _refuse_blank(text)
    _refuse_controls(text)
    return Decoded(text, encoding)


def _wide_encoding(data: bytes, charset: str | None) -> str:
    """UTF-16 without a mark shows as zero bytes on one side of nearly every pair."""
    claimed = _known(charset)
    if claimed is not None and claimed.startswith(("utf-16", "utf-32")):
        return claimed
    sample = data[:4096]
    pairs = max(1, len(sample) // 2)
    low, high = sample[1::2].count(0), sample[0::2].count(0)
    if len(data) % 2 == 0 and low > 0.7 * pairs and high == 0:
        return "utf-16-le"
    if len(data) % 2 == 0 and high > 0.7 * pairs and low == 0:
        return "utf-16-be"
    raise ParseError("binary: holds NUL bytes.", hint="Only text and the documented formats are read.")


def _mostly_utf8(data: bytes) -> Decoded | None:
    """UTF-8 with a few damaged bytes, as in files that several people appended to."""
    multibyte = len(_MULTIBYTE.findall(data))
    if multibyte == 0:
        return None
    text = data.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    if damaged * 4 > multibyte:
        return None
    _refuse_blank(text)
    _refuse_controls(text)
    return Decoded(text, "utf-8", (f"{damaged} bytes were not valid UTF-8 and were replaced",))


def _detect(data: bytes) -> Decoded:
    sample = _sample(data)
    encoding = _guess(sample)
    try:
        found = _finish(data, encoding)
    except ParseError:
        found = _finish(data, "latin-1")
    return Decoded(
        found.text, found.encoding, (f"read as {found.encoding}, which was guessed from the bytes",)
    )


def _sample(data: bytes) -> bytes:
    """A stretch around the first bytes that are not ASCII, cut at line ends where there are some."""
    if len(data) <= _SAMPLE_BYTES:
        return data
    first = _HIGH.search(data)
    start = data.rfind(b"\n", 0, first.start()) + 1 if first is not None else 0
    end = data.rfind(b"\n", start, start + _SAMPLE_BYTES) + 1
    return data[start : end if end > start else start + _SAMPLE_BYTES]


def _guess(sample: bytes) -> str:
    """The likeliest encoding; high bytes that stand alone between ASCII letters are of one-byte encodings."""
    runs = _HIGH.findall(sample)
    alone = sum(1 for run in runs if len(run) == 1)
    if alone > 0.8 * len(runs) and len(runs) < 20:
        return "cp1252"
    from charset_normalizer import from_bytes

    candidates = _SINGLE_BYTE if alone > 0.8 * len(runs) else [*_MULTI_BYTE, *_SINGLE_BYTE]
    best = from_bytes(sample, cp_isolation=candidates).best()
    return best.encoding if best is not None else "cp1252"


def _refuse_blank(text: str) -> None:
    if not text or text.isspace():
        raise ParseError("empty: holds no text.", hint="Nothing to index; remove the file or fill it.")


def _refuse_controls(text: str) -> None:
    sample = text[:16_384]
    if len(_CONTROL.findall(sample)) * 50 > len(sample):
        raise ParseError(
            "binary: holds control characters.", hint="Only text and the documented formats are read."
        )


def _known(charset: str | None) -> str | None:
    if not charset:
        return None
    try:
        return codecs.lookup(charset.strip().strip("\"'")).name
    except LookupError:
        return None
