"""A long text a window at a time, as the bytes that RE2 reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headrace.privacy.patterns.base import TRIGGER_BYTES

if TYPE_CHECKING:
    import re2

WINDOW_CHARACTERS = 262_144
"""How much of a text is looked at in one go, so that memory does not grow with the longest line."""


class Window:
    """One window of a text, encoded once for all triggers."""

    def __init__(self, text: str, begin: int) -> None:
        self.begin = begin
        self.end = begin + WINDOW_CHARACTERS
        self._left = max(0, begin - 1)  # the character before decides about the edge of a word
        self._piece = text[self._left : self.end + TRIGGER_BYTES]
        self._data = self._piece.encode("utf-8", "surrogatepass")
        self._is_ascii = len(self._data) == len(self._piece)

    def hits(self, trigger: re2._Regexp, resume: int) -> Iterator[tuple[int, int]]:
        """Spans in characters of a trigger that begin in the window, at `resume` or later."""
        skip = max(self.begin, resume) - self._left
        if not self._is_ascii:
            yield from self._converted(trigger, len(self._piece[:skip].encode("utf-8", "surrogatepass")))
            return
        left, last = self._left, self.end - self._left
        for start, stop in _spans(trigger, self._data, skip):
            if start >= last:
                return
            yield left + start, left + stop

    def _converted(self, trigger: re2._Regexp, skip: int) -> Iterator[tuple[int, int]]:
        """The same where a character can take several bytes."""
        data, byte, character = self._data, 0, self._left
        for start, stop in _spans(trigger, data, skip):
            character += len(data[byte:start].decode("utf-8", "surrogatepass"))
            if character >= self.end:
                return
            byte = start
            yield character, character + len(data[start:stop].decode("utf-8", "surrogatepass"))


def _spans(trigger: re2._Regexp, data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Where a trigger matches, in bytes, one match after the other."""
    import re2

    try:
        match, anchor = trigger._regexp.Match, re2._re2.RE2.Anchor.UNANCHORED
    except AttributeError:  # another release of re2: its own loop, which makes an object of every match
        for found in trigger.finditer(data, at):
            yield found.span()
        return
    end = len(data)
    while at <= end:
        start, stop = match(anchor, data, at, end)[0]
        if start < 0:
            return
        yield start, stop
        at = stop if stop > at else at + 1
