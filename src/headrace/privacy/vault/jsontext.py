"""A JSON text as it reads: what stands in its strings without escapes, and where that came from."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import NamedTuple

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.", re.DOTALL
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_START = re.compile(r"\s*[{\[]")


class Span(NamedTuple):
    """Part of a text, in characters, the end exclusive."""

    start: int
    end: int


class View(NamedTuple):
    """A JSON text with the escapes in its strings resolved."""

    text: str
    strings: list[Span]
    """Contents of its strings in `text`, without their quotes."""
    numbers: list[Span]
    """Its numbers in `text`."""
    shifts: list[tuple[int, int]]
    """Places in `text` behind an escape, each with its place in the JSON text; ascending."""

    def source(self, place: int) -> int:
        """Where a place of the view stands in the JSON text."""
        at = bisect_right(self.shifts, (place, 1 << 62)) - 1
        if at < 0:
            return place
        here, there = self.shifts[at]
        return there + place - here


def is_json(text: str) -> bool:
    """Whether a text is a JSON object or array; control characters inside strings are let through."""
    if _START.match(text) is None:
        return False
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


def view(text: str) -> View:
    """What a text that `is_json` says."""
    parts: list[str] = []
    strings: list[Span] = []
    numbers: list[Span] = []
    shifts: list[tuple[int, int]] = []
    length = at = 0

    def take(piece: str) -> None:
        nonlocal length
        parts.append(piece)
        length += len(piece)

    for found in _STRING.finditer(text):
        between = text[at : found.start(1)]
        numbers += [Span(length + m.start(), length + m.end()) for m in _NUMBER.finditer(between)]
        take(between)
        start, at = length, found.start(1)
        if "\\" in found[1]:
            for escape in _ESCAPE.finditer(text, found.start(1), found.end(1)):
                take(text[at : escape.start()])
                take(json.loads(f'"{escape.group()}"'))
                at = escape.end()
                shifts.append((length, at))
        take(text[at : found.end(1)])
        strings.append(Span(start, length))
        at = found.end(1)
    rest = text[at:]
    numbers += [Span(length + m.start(), length + m.end()) for m in _NUMBER.finditer(rest)]
    take(rest)
    return View("".join(parts), strings, numbers, shifts)


def quoted(text: str, *, ascii_only: bool) -> str:
    """A text as it stands between the quotes of a JSON string."""
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]
