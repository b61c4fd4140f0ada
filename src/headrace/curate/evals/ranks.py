"""How good a ranking is against what is known to be right."""

from __future__ import annotations

import math
from collections.abc import Sequence


def recall(found: Sequence[str], right: Sequence[str]) -> float:
    """Share of the right answers that were found."""
    return len(set(found) & set(right)) / len(set(right))


def ndcg(found: Sequence[str], right: Sequence[str]) -> float:
    """Normalised discounted cumulative gain with a gain of 1 for each right answer."""
    gained = sum(1 / math.log2(place + 2) for place, name in enumerate(found) if name in set(right))
    best = sum(1 / math.log2(place + 2) for place in range(min(len(found), len(set(right)))))
    return gained / best if best else 0.0


def reciprocal_rank(found: Sequence[str], right: Sequence[str]) -> float:
    """1 / the place of the first right answer; 0 where there is none."""
    return next((1 / place for place, name in enumerate(found, start=1) if name in set(right)), 0.0)


def resolve(wanted: Sequence[str], found: Sequence[str]) -> tuple[str, ...]:
    """Found URIs with each that a golden document means replaced by the name it has there."""
    names = {}
    for uri in found:
        names[uri] = next((name for name in wanted if uri == name or uri.endswith(f"/{name}")), uri)
    return tuple(names[uri] for uri in found)
