"""What of a text has to be hidden: everything the engine finds, and whatever reads as a token already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from headrace.privacy.vault.tokens import LITERAL, SUFFIX_CHARACTERS, spellings
from headrace.records.privacy import Finding

Scan = Callable[[str], list[Finding]]
_STAND_IN = "a" * SUFFIX_CHARACTERS


class Hidden(NamedTuple):
    """Part of a text that is to be hidden, in characters, the end exclusive."""

    start: int
    end: int
    type: str


def hidden(text: str, scan: Scan) -> list[Hidden]:
    """What to hide, in the order of the text, none overlapping.

    Hiding one thing can show another that it overlapped, so what is left is scanned until nothing is found
    outside of tokens. That ends: each time more of the text is hidden.
    """
    marks = [Hidden(found.start(), found.end(), LITERAL) for found in spellings(text)]
    found = scan(text)
    if not found:
        return marks
    spans = merged([*marks, *(Hidden(item.start, item.end, item.type) for item in found)])
    while more := _uncovered(text, spans, scan):
        spans = merged([*spans, *more])
    return spans


def merged(spans: Iterable[Hidden]) -> list[Hidden]:
    """Spans that overlap become one, of the type of its longest part that is no look-alike."""
    result: list[Hidden] = []
    for span in sorted(spans):
        if result and span.start < result[-1].end:
            result[-1] = _joined(result[-1], span)
        else:
            result.append(span)
    return result


def _joined(one: Hidden, other: Hidden) -> Hidden:
    def weight(span: Hidden) -> tuple[bool, int]:
        return span.type != LITERAL, span.end - span.start

    return Hidden(one.start, max(one.end, other.end), max(one, other, key=weight).type)


def _uncovered(text: str, spans: Sequence[Hidden], scan: Scan) -> list[Hidden]:
    """What is found when the spans are tokens, outside of them, as spans of the text itself."""
    pieces: list[str] = []
    taken: list[tuple[int, int, Hidden]] = []
    at = length = 0
    for span in spans:
        stand_in = f"<{span.type}_{_STAND_IN}>"  # as long as a token, and plain where the text is
        pieces += (text[at : span.start], stand_in)
        length += span.start - at
        taken.append((length, length + len(stand_in), span))
        length += len(stand_in)
        at = span.end
    pieces.append(text[at:])
    return [more for item in scan("".join(pieces)) if (more := _back(item, taken)) is not None]


def _back(item: Finding, taken: Sequence[tuple[int, int, Hidden]]) -> Hidden | None:
    """A finding in the masked text as a span of the text; None when it lies within a token.

    A finding that reaches over tokens takes in what they hide.
    """
    if any(start <= item.start and item.end <= end for start, end, _ in taken):
        return None
    return Hidden(_place(item.start, taken, is_end=False), _place(item.end, taken, is_end=True), item.type)


def _place(place: int, taken: Sequence[tuple[int, int, Hidden]], *, is_end: bool) -> int:
    shift = 0
    for start, end, span in taken:
        if place < start or (place == start and is_end):
            break
        if place < end or (place == end and is_end):
            return span.end if is_end else span.start
        shift = span.end - end
    return place + shift
