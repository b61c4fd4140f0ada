"""How much of two texts is the same, from small sketches of them: a bottom-k estimate of the Jaccard index.

Broder: On the resemblance and containment of documents (1997). What is compared are pairs of neighbouring
words; digits count as equal, since a new version changes its numbers first.
"""

from __future__ import annotations

import array
import re
import sys
import zlib
from collections.abc import Sequence
from itertools import pairwise

_SIZE = 256
"""Numbers in a sketch: the estimate is off by some 3 points; texts with fewer word pairs are exact."""
_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")
_MOST_CHARACTERS = 400_000
_FEWEST = 4
"""Word pairs that a text must have to be compared at all."""


def sketch(texts: Sequence[str]) -> bytes | None:
    """The sketch of a document given by its chunks; None for one of hardly any words. At most 1 kB."""
    text = _DIGITS.sub("0", "\n".join(texts)[:_MOST_CHARACTERS].casefold())
    hashes = {zlib.crc32(f"{left} {right}".encode()) for left, right in pairwise(_WORD.findall(text))}
    if len(hashes) < _FEWEST:
        return None
    numbers = array.array("I", sorted(hashes)[:_SIZE])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def resemblance(left: bytes, right: bytes) -> float:
    """The share of word pairs that two texts have in common, 0 to 1."""
    one, other = _numbers(left), _numbers(right)
    lowest = sorted(one | other)[: min(_SIZE, max(len(one), len(other)))]
    if len(one) < _SIZE and len(other) < _SIZE:
        lowest = sorted(one | other)
    return len(one.intersection(other).intersection(lowest)) / len(lowest)


def _numbers(stored: bytes) -> set[int]:
    numbers = array.array("I", stored)
    if sys.byteorder == "big":
        numbers.byteswap()
    return set(numbers)
