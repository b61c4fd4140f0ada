"""Text without its disguise: look-alike letters and invisible characters undone, offsets kept."""

from __future__ import annotations

import re
from typing import NamedTuple

INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]")
"""Characters that take no room on a page."""

_HOMOGLYPHS = str.maketrans(
    "аеорсухіѕјһԁԛԝАВЕКМНОРСТХІЅЈαορνικτΑΒΕΗΙΚΜΝΟΡΤΧΥΖ",
    "aeopcyxisjhdqwABEKMHOPCTXISJaopviktABEHIKMNOPTXYZ",
)
_FULLWIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_TABLE = {**_HOMOGLYPHS, **_FULLWIDTH}


class Plain(NamedTuple):
    """A text without disguise, and where each of its characters stood."""

    text: str
    offsets: list[int] | None
    """Offset in the original of each character and of the end; None where they are the same."""

    def original(self, span: tuple[int, int]) -> tuple[int, int]:
        """A span of this text as a span of the original."""
        if self.offsets is None:
            return span
        start, end = span
        return self.offsets[start], self.offsets[end - 1] + 1 if end > start else self.offsets[start]


def undisguised(text: str) -> Plain:
    """Undo look-alikes (Cyrillic, Greek, full width) and leave out what is invisible."""
    if text.isascii():
        return Plain(text, None)
    folded = text.translate(_TABLE)
    if INVISIBLE.search(folded) is None:
        return Plain(folded, None)
    offsets = [place for place, char in enumerate(folded) if INVISIBLE.match(char) is None]
    return Plain("".join([folded[place] for place in offsets]), [*offsets, len(folded)])
