"""How well a unit answers a question: the weight of the question's words in it, and nearness in meaning."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from headrace.infer.models.units import Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]
"""Texts to unit vectors, shape (texts, dimension)."""

_find_words = re.compile(r"[^\W_]+").findall
_STOP = frozenset(
    """
    a about after all an and any are as ask at be been before being but by can could did do does doing each
    far for from give had has have how i if in into is it its long many may me might most much must my near
    need no not of often on one or other our please quickly shall she should so some soon such tell than that
    the their them then there these they this those to up us use using was we were what when where which
    while who whom whose why will with would you your
    """.split()  # noqa: SIM905 - one word a line would be eighty lines
)
_SUFFIXES = (
    *("ations", "ation", "ments", "ment", "ings", "ing", "ions", "ion", "ers", "er"),
    *("ies", "ied", "ed", "es", "ly", "s", "e", "y"),
)
_SHORTEST_STEM = 3
_WANTS_NUMBER = re.compile(
    r"(?i)\bhow (?:many|much|long|often|soon|quickly|fast|far|big|large|old|high)\b"
    r"|\b(?:what|which) (?:share|percentage|number|value|margin|limit|budget|threshold|version)\b"
    r"|\bwhen\b|\bby what time\b"
)


def stem(word: str) -> str:
    """A word without its inflection, roughly: `removed` and `removes` meet, `removal` stays apart."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            return word[: -len(suffix)]
    return word


def terms(text: str) -> frozenset[str]:
    """Stems of the words that carry meaning."""
    return frozenset(stem(word) for word in _find_words(text.lower()) if word not in _STOP)


def wants_number(question: str) -> bool:
    """Whether the answer to a question is likely to hold a number."""
    return _WANTS_NUMBER.search(question) is not None


def coverage(question: frozenset[str], units: Sequence[Unit], headings: Sequence[str]) -> list[float]:
    """Share of the question's weight that each unit has, 0 to 1; words that only stand above it count half.

    Words weigh by how rare they are among these units; a word in none of them weighs most.
    """
    own = [terms(unit.text) for unit in units]
    above = [terms(f"{heading} {unit.context}") for heading, unit in zip(headings, units, strict=True)]
    seen = Counter(term for words, over in zip(own, above, strict=True) for term in question & (words | over))
    weight = {term: math.log(1 + (len(units) + 0.5) / (seen[term] + 0.5)) for term in sorted(question)}
    total = sum(weight.values())
    if not total:
        return [0.0] * len(units)
    return [
        sum(
            value * (1.0 if term in words else 0.5 if term in over else 0.0) for term, value in weight.items()
        )
        / total
        for words, over in zip(own, above, strict=True)
    ]


def similarity(question: str, units: Sequence[Unit], headings: Sequence[str], *, embed: Embed) -> list[float]:
    """Cosine of the question and each unit under its heading."""
    texts = [
        f"{heading.rpartition(' > ')[2]}. {unit.text}" for heading, unit in zip(headings, units, strict=True)
    ]
    vectors = embed([question, *texts])
    return [float(value) for value in vectors[1:] @ vectors[0]]
