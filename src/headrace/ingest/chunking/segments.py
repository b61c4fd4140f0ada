"""Long texts cut into stretches that a splitter gets through in time proportional to their length."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

_MAX_SEGMENT_CHARS = 32_768
_MAX_RUN_CHARS = 2_048
"""Splitters are quadratic in the length of a stretch without spaces."""
_MAX_GAP_CHARS = 200
"""They are cubic in the number of blank lines in a row."""
_GAP = re.compile(rf"\s{{{_MAX_GAP_CHARS},}}")
_RUN = re.compile(rf"\S{{{_MAX_RUN_CHARS + 1},}}")
_RUN_BREAK = re.compile(r"[^\w\s](?=[\w\"'(])")


def segments(text: str, heading_starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Spans that together cover all but whitespace; nearly always just one."""
    position = 0
    for gap in _GAP.finditer(text) if len(text) > _MAX_GAP_CHARS else ():
        yield from _between_gaps(text, position, end=gap.start(), heading_starts=heading_starts)
        position = gap.end()
    yield from _between_gaps(text, position, end=len(text), heading_starts=heading_starts)


def _between_gaps(
    text: str, start: int, *, end: int, heading_starts: Sequence[int]
) -> Iterator[tuple[int, int]]:
    for cut in (*_run_cuts(text, start, end=end), end):
        yield from _stretch(text, start, end=cut, heading_starts=heading_starts)
        start = cut


def _run_cuts(text: str, begin: int, *, end: int) -> Iterator[int]:
    """Places inside words too long to be words: after a mark near the limit, else at it."""
    if end - begin <= _MAX_RUN_CHARS:
        return
    for run in _RUN.finditer(text, begin, end):
        start, stop = run.span()
        while stop - start > _MAX_RUN_CHARS:
            limit = start + _MAX_RUN_CHARS
            breaks = [found.end() for found in _RUN_BREAK.finditer(text, start + _MAX_RUN_CHARS // 2, limit)]
            start = breaks[-1] if breaks else _whole_character(text, limit)
            yield start


def _whole_character(text: str, cut: int) -> int:
    """Step back over marks and joiners that belong to the character before them."""
    import unicodedata

    for back in range(16):
        before, after = text[cut - back - 1], text[cut - back]
        if not unicodedata.category(after).startswith("M") and "\u200d" not in (before, after):
            return cut - back
    return cut


def _stretch(text: str, start: int, *, end: int, heading_starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    while end - start > _MAX_SEGMENT_CHARS:
        cut = _best_cut(text, start, heading_starts=heading_starts)
        yield start, cut
        start = cut
    if end > start:
        yield start, end


def _best_cut(text: str, start: int, *, heading_starts: Sequence[int]) -> int:
    """Before a heading, else after a blank line, a line, a word."""
    lowest, limit = start + _MAX_SEGMENT_CHARS // 2, start + _MAX_SEGMENT_CHARS
    at = bisect_right(heading_starts, limit) - 1
    if at >= 0 and heading_starts[at] > lowest:
        return heading_starts[at]
    for separator in ("\n\n", "\n", " "):
        found = text.rfind(separator, lowest, limit)
        if found >= 0:
            return found + len(separator)
    return limit
