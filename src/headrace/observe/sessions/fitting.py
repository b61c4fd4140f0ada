"""Which turns fit a budget of tokens: the newest, in their order, and never more than the budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from headrace.infer.embedders.batches import estimate_tokens
from headrace.records.sessions import Turn

Count = Callable[[str], int]
"""How many tokens a text has."""

AROUND = 4
"""Tokens that stand around a message: its role and its marks."""
_CUT = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Turns that fit, and those before them."""

    kept: Sequence[Turn]
    older: Sequence[Turn]
    tokens: int
    """Of what is kept."""
    cut: int = 0
    """Turns of which only the beginning is kept: the newest, where it alone is too long."""


def fit(turns: Sequence[Turn], budget: int, count: Count = estimate_tokens) -> Fitted:
    """The newest turns that fit, without a gap between them.

    One that does not fit ends it, however short those before it are. The newest one is always there, cut if
    it has to be; only a budget that leaves no room for a word leaves it out.
    """
    tokens = 0
    for start in range(len(turns), 0, -1):
        more = cost(turns[start - 1].content, count)
        if tokens + more > budget:
            if start < len(turns):
                return Fitted(kept=turns[start:], older=turns[:start], tokens=tokens)
            return _only(turns, budget, count)
        tokens += more
    return Fitted(kept=turns, older=(), tokens=tokens)


def chosen(
    turns: Sequence[Turn], scores: Sequence[float], budget: int, count: Count = estimate_tokens
) -> Fitted:
    """The turns with the best scores that fit together, in their order."""
    tokens, places = 0, set()
    for place in sorted(range(len(turns)), key=lambda at: (-scores[at], -at)):
        more = cost(turns[place].content, count)
        if tokens + more <= budget:
            tokens += more
            places.add(place)
    kept = [turn for place, turn in enumerate(turns) if place in places]
    older = [turn for place, turn in enumerate(turns) if place not in places]
    return Fitted(kept=kept, older=older, tokens=tokens)


def shortened(text: str, budget: int, count: Count = estimate_tokens) -> str:
    """The beginning of a text that fits, with a mark that it goes on; empty where nothing does."""
    if cost(text, count) <= budget:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if cost(text[:middle].rstrip() + _CUT, count) <= budget:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + _CUT if low and text[:low].strip() else ""


def cost(text: str, count: Count = estimate_tokens) -> int:
    """Tokens of a message with this text."""
    return count(text) + AROUND


def _only(turns: Sequence[Turn], budget: int, count: Count) -> Fitted:
    newest = turns[-1]
    text = shortened(newest.content, budget, count)
    if not text:
        return Fitted(kept=(), older=turns, tokens=0)
    kept = [replace(newest, content=text)]
    return Fitted(kept=kept, older=turns[:-1], tokens=cost(text, count), cut=1)
