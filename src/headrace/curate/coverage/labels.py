"""What a topic is called: the words that set its questions apart from all others."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

_WORDS = re.compile(r"[^\W\d_]{2,}")
_STOP = frozenset(
    """
    a about all also am an and any are as at be been but by can could did do does for from get give had has
    have how i if in into is it its just let like make may me might my need no not of on or our out please
    shall should show so some tell than that the their them then there these they this to too up us want was
    we were what when where which who why will with would you your
    """.split()  # noqa: SIM905 - a list of words reads as one
)
WORDS = 4
_FEWEST = 2
"""A word that stands in fewer questions of a topic may be a name."""


def label_topics(texts: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """Topic to its label: the words of the highest TF-IDF, topics taken as documents.

    A word counts once for a question, and only if at least two questions of the topic have it, so that no
    label repeats what one user wrote.
    """
    counts = {
        topic: Counter(word for text in given for word in _words(text)) for topic, given in texts.items()
    }
    spread = Counter(word for words in counts.values() for word in words)
    return {
        topic: _label(words, spread, topics=len(counts), queries=len(texts[topic]))
        for topic, words in counts.items()
    }


def _label(words: Counter[str], spread: Counter[str], *, topics: int, queries: int) -> str:
    weights = {
        word: number / queries * (1 + math.log(topics / spread[word]))
        for word, number in words.items()
        if number >= _FEWEST
    }
    best = sorted(weights, key=lambda word: (-weights[word], word))[:WORDS]
    return ", ".join(best) or "(no word in common)"


def _words(text: str) -> set[str]:
    return {word for word in _WORDS.findall(text.lower()) if word not in _STOP}
