"""A text as it looks: invisible characters left out, digits and dashes of any script as plain ones."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from typing import NamedTuple

# Characters that show nothing, direction marks included.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f"
)
_SPACES = "\u00a0\u2000-\u200a\u202f\u205f\u3000"
_DASHES = "\u2010-\u2015\u2212\ufe58\ufe63"
_WIDE = "\uff01-\uff5e"
_DIGITS = "\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\u0e50-\u0e59\U0001d7ce-\U0001d7ff"
_ODD = re.compile(f"[{_INVISIBLE}{_SPACES}{_DASHES}{_WIDE}{_DIGITS}]")
_HIDDEN = re.compile(f"[{_INVISIBLE}]")

# Letters of other scripts that look Latin; folded only inside a word that has Latin letters or digits too.
_TWINS = str.maketrans(
    "АВСЕНІЈКМОРЅТХУавсеіјкморѕтхуΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
    "ABCEHIJKMOPSTXYabceijkmopstxyABEZHIKMNOPTYXo",
)
_MIXED = re.compile(
    r"[A-Za-z0-9@.]+[\u0370-\u03ff\u0400-\u04ff]\w*|[\u0370-\u03ff\u0400-\u04ff]+[A-Za-z0-9]\w*"
)


class Folded(NamedTuple):
    """A folded text and the way back."""

    text: str
    removed: tuple[int, ...] = ()
    """For each character left out, where it would stand in the folded text; ascending."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that a span of the folded text came from."""
        if not self.removed:
            return start, end
        return start + bisect_right(self.removed, start), end + bisect_right(self.removed, end - 1)


def fold(text: str) -> Folded:
    """Fold a text. What needs no folding, above all ASCII, is given back as it is."""
    if text.isascii():
        return Folded(text)
    plain = _MIXED.sub(lambda found: found.group().translate(_TWINS), text)
    if _ODD.search(plain) is None:
        return Folded(plain)
    removed: list[int] = []
    for count, found in enumerate(_HIDDEN.finditer(plain)):
        removed.append(found.start() - count)
    return Folded(_ODD.sub(_plain, plain), tuple(removed))


def _plain(found: re.Match[str]) -> str:
    character = found.group()
    if _HIDDEN.match(character):
        return ""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if "\uff01" <= character <= "\uff5e":
        return chr(ord(character) - 0xFEE0)
    return " " if character.isspace() else "-"
