"""Cuts a text into parts of bounded length that can be worked on one by one and joined again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

_BREAKS = (re.compile(r"\n[ \t]*\n\s*"), re.compile(r"\n"), re.compile(r"(?<=[.!?])\s+"), re.compile(r"\s+"))
"""Where a text is cut, the best first."""


class Piece(NamedTuple):
    """A span of a text without the white space around it."""

    start: int
    end: int


def pieces(text: str, most: int, *, bounds: Sequence[int] = ()) -> list[Piece]:
    """Spans of at most `most` characters in order. None crosses a bound; only white space is left out."""
    cuts = sorted({0, len(text), *(bound for bound in bounds if 0 < bound < len(text))})
    found: list[Piece] = []
    for start, end in pairwise(cuts):
        found += _within(text, start, end, most)
    return found


def joined(text: str, spans: Sequence[Piece], replacements: Sequence[str]) -> tuple[str, list[int]]:
    """The text with each span replaced, and where each begins in it; what lies between stays."""
    parts: list[str] = []
    starts: list[int] = []
    at = length = 0
    for span, replacement in zip(spans, replacements, strict=True):
        between = text[at : span.start]
        starts.append(length + len(between))
        parts += (between, replacement)
        length += len(between) + len(replacement)
        at = span.end
    return "".join((*parts, text[at:])), starts


def _within(text: str, start: int, end: int, most: int) -> list[Piece]:
    found: list[Piece] = []
    while (piece := _trimmed(text, start, end)).start < piece.end:
        start = piece.start
        stop = piece.end if piece.end - start <= most else _cut(text, start, start + most)
        found.append(_trimmed(text, start, stop))
        start = stop
    return found


def _cut(text: str, start: int, stop: int) -> int:
    """The last good place to cut in the second half of a span, else its end."""
    for pattern in _BREAKS:
        places = [match.start() for match in pattern.finditer(text, start + (stop - start) // 2, stop)]
        if places:
            return places[-1]
    return stop


def _trimmed(text: str, start: int, end: int) -> Piece:
    part = text[start:end]
    left = len(part) - len(part.lstrip())
    return Piece(start + left, max(start + left, start + len(part.rstrip())))
