"""Many short texts as one, so that a trigger runs over all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from headrace.privacy.windows import WINDOW_CHARACTERS

SEPARATOR = "\x00"
"""Between two texts: no trigger matches it, and a word ends at it as at the end of a text."""


class Batch(NamedTuple):
    """Some texts, joined."""

    rows: Sequence[int]
    """Their places among all the texts."""
    parts: Sequence[str]
    text: str

    def texts(self) -> Iterator[tuple[int, str]]:
        """Each with its place."""
        return zip(self.rows, self.parts, strict=True)

    def own(self, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, str, int, int]]:
        """Ascending spans of the joined text as place, text and span of the one they lie in."""
        at, begin, end = 0, 0, len(self.parts[0])
        for start, stop in spans:
            while start >= end:
                begin = end + len(SEPARATOR)
                at += 1
                end = begin + len(self.parts[at])
            yield self.rows[at], self.parts[at], start - begin, stop - begin


def batches(texts: Sequence[str]) -> Iterator[Batch]:
    """The texts in batches of one window; those of ASCII by themselves: their spans need no counting."""
    for is_ascii in (True, False):
        rows: list[int] = []
        size = 0
        for row, text in enumerate(texts):
            if text.isascii() is not is_ascii:
                continue
            length = len(text) + len(SEPARATOR)
            if rows and size + length > WINDOW_CHARACTERS:
                yield _joined(rows, texts)
                rows, size = [], 0
            rows.append(row)
            size += length
        if rows:
            yield _joined(rows, texts)


def _joined(rows: Sequence[int], texts: Sequence[str]) -> Batch:
    parts = [texts[row] for row in rows]
    return Batch(rows=rows, parts=parts, text=SEPARATOR.join(parts))
