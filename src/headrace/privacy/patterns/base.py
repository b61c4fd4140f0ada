"""A family of shapes: something cheap that every member has, and a look at the place where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from headrace.records.privacy import Finding

CONTEXT_CHARACTERS = 40
"""How far before a shape the words are looked for that say what it is."""

Find = Callable[[str, int, int], Iterator[Finding]]
"""From a text and the span of a trigger to what is there. It looks at a bounded stretch around it."""


class Family(NamedTuple):
    """One family. RE2 runs the trigger over the text, so time is linear in its length whatever it holds."""

    types: frozenset[str]
    trigger: str
    """An RE2 expression over UTF-8, at most TRIGGER_BYTES long where it matches."""
    find: Find


class Search(NamedTuple):
    """What looks at a whole text by itself."""

    types: frozenset[str]
    find: Callable[[str], Iterator[Finding]]


TRIGGER_BYTES = 256
"""The longest stretch a trigger may match."""


def before(text: str, start: int, words: re.Pattern[str]) -> bool:
    """Whether words, written in small letters, stand shortly before a place in any case of letters."""
    return words.search(text[max(0, start - CONTEXT_CHARACTERS) : start].lower()) is not None


def bounded(text: str, start: int, end: int) -> bool:
    """Whether a span is not part of a longer word or number."""
    left = start == 0 or not (text[start - 1].isalnum() or text[start - 1] == "_")
    right = end == len(text) or not (text[end].isalnum() or text[end] == "_")
    return left and right
