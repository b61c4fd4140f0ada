"""The lines of a PDF page with their place on it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b\ufeff\ud800-\udfff]")
_LEADERS = re.compile(r"(?: ?[.·_]){5,}")
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a]+")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl"})
_JOINED_HYPHEN = "\ufffe"


class Line(NamedTuple):
    """One line of text; lengths in points, y from the bottom of the page. Zero height: place unknown."""

    text: str
    left: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    height: float = 0.0


def read_lines(document: Any, index: int) -> list[Line]:
    """Lines of one page that hold something visible."""
    page = document[index]
    textpage = page.get_textpage()
    try:
        raw = textpage.get_text_range()
        placed = len(raw) == textpage.count_chars()
        lines: list[Line] = []
        position = 0
        for piece in _LINE_BREAK.split(raw):
            line = _line(textpage, piece, position=position if placed else -1)
            if line is not None:
                lines.append(line)
            position += len(piece)
            position += 2 if raw[position : position + 2] == "\r\n" else 1
        return lines
    finally:
        textpage.close()
        page.close()


def _line(textpage: Any, piece: str, *, position: int) -> Line | None:
    text = _clean(piece)
    if not text:
        return None
    if position < 0:
        return Line(text)
    first = position + len(piece) - len(piece.lstrip())
    last = position + len(piece.rstrip()) - 1
    left, bottom, _, top = textpage.get_charbox(first, loose=True)
    right = textpage.get_charbox(last, loose=True)[2]
    return Line(text, left, right, bottom, max(0.0, top - bottom))


def _clean(piece: str) -> str:
    """Spaces, ligatures, dotted leaders and the marks pdfium leaves where it joined a hyphenated word."""
    text = piece.replace(_JOINED_HYPHEN, "").translate(_LIGATURES)
    text = _CONTROL.sub("", text)
    return _SPACES.sub(" ", _LEADERS.sub(" … ", text)).strip()
