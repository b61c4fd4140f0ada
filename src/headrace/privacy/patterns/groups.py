"""A stretch of digits as people write it: groups with single separators between."""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

_DIGITS = re.compile(r"[0-9]+")


class Window(NamedTuple):
    """Some neighbouring groups."""

    start: int
    end: int
    digits: str
    lengths: tuple[int, ...]
    """Of each group."""
    separators: frozenset[str]
    """What stands between them; empty for one group."""


class Groups:
    """The groups of a stretch of text."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text = text
        self.spans = [found.span() for found in _DIGITS.finditer(text, start, end)]
        self.lengths = [last - first for first, last in self.spans]

    def window(self, first: int, last: int) -> Window:
        """Groups `first` to `last`, both included."""
        spans = self.spans[first : last + 1]
        between = frozenset(self._text[left[1] : right[0]] for left, right in itertools.pairwise(spans))
        return Window(
            start=spans[0][0],
            end=spans[-1][1],
            digits="".join(self._text[begin:finish] for begin, finish in spans),
            lengths=tuple(self.lengths[first : last + 1]),
            separators=between,
        )
