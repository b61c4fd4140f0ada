"""Choose the texts by which a document is recognised wherever it may lie."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence

_SHORTEST, _LONGEST = 16, 48
_MOST_PASSAGES = 16
_SHORTEST_VALUE = 8
_PLAIN = re.compile(r'[^"\\\x00-\x1f\x7f]+')
"""Runs that read the same in every encoding: no quotes and no control characters, which JSON escapes."""


def passages(texts: Sequence[str]) -> list[str]:
    """Passages of 16 to 48 characters, spread evenly over the texts; shorter texts as a whole."""
    found = dict.fromkeys(piece for text in texts for piece in _pieces(text))
    spread = list(found)
    step = max(1, len(spread) // (_MOST_PASSAGES * 4))
    return spread[::step]


def values(candidates: Iterable[object]) -> list[str]:
    """Names, titles and metadata values that are long enough to be recognised."""
    texts = (value.strip() for value in candidates if isinstance(value, str))
    return list(
        dict.fromkeys(text for text in texts if len(text) >= _SHORTEST_VALUE and _PLAIN.fullmatch(text))
    )


def distinctive(
    candidates: Sequence[str], elsewhere: Callable[[Sequence[str]], Collection[str]]
) -> list[str]:
    """The candidates that stand nowhere else: what two documents share has to stay in the other one."""
    shared = elsewhere(candidates)
    return [text for text in candidates if text not in shared]


def some(found: Sequence[str], most: int = _MOST_PASSAGES) -> list[str]:
    """At most so many of them, evenly spread."""
    step = max(1, -(-len(found) // most))
    return list(found[::step])


def encoded(text: str) -> list[bytes]:
    """A text as bytes: in UTF-8, and as JSON writes it when it is no ASCII."""
    plain = text.encode("utf-8", "surrogatepass")
    if text.isascii():
        return [plain]
    escaped = "".join(char if char.isascii() else _escape(char) for char in text)
    return [plain, escaped.encode()]


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _pieces(text: str) -> list[str]:
    pieces = []
    for run in _PLAIN.findall(text):
        run = run.strip()
        if len(run) <= _LONGEST:
            if len(run) >= _SHORTEST or len(text.strip()) < _SHORTEST:
                pieces.append(run)
            continue
        starts = range(0, len(run) - _LONGEST + 1, _LONGEST * 2)
        pieces += [run[start : start + _LONGEST].strip() for start in starts]
    return [piece for piece in pieces if piece]
