"""How alike two rankings are, and how good one is against what is known to be right."""

from __future__ import annotations

import math
from collections.abc import Sequence

from headrace.curate.evals.ranks import ndcg, recall

__all__ = ["mean_difference", "ndcg", "overlap", "percentile", "rank_biased_overlap", "recall"]

PERSISTENCE = 0.9
"""How likely a reader is to look at the next hit; weighs the top of a ranking (Webber et al., 2010)."""


def overlap(a: Sequence[str], b: Sequence[str]) -> float:
    """Share of the longer list that both have; 1.0 for two empty ones."""
    longest = max(len(a), len(b))
    return len(set(a) & set(b)) / longest if longest else 1.0


def rank_biased_overlap(a: Sequence[str], b: Sequence[str], *, persistence: float = PERSISTENCE) -> float:
    """Rank-biased overlap of two lists without repeats, down to the longer one; 1.0 for equal lists."""
    depth = max(len(a), len(b))
    if not depth:
        return 1.0
    seen_a: set[str] = set()
    seen_b: set[str] = set()
    total = weights = 0.0
    for place in range(depth):
        seen_a.update(a[place : place + 1])
        seen_b.update(b[place : place + 1])
        weight = persistence**place
        total += weight * len(seen_a & seen_b) / (place + 1)
        weights += weight
    return total / weights


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of them lies; nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def mean_difference(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Mean of second minus first, and half the width of its 95 % interval (paired, normal approximation)."""
    differences = [after - before for before, after in pairs]
    count = len(differences)
    mean = sum(differences) / count
    if count < 2:
        return mean, math.inf
    variance = sum((value - mean) ** 2 for value in differences) / (count - 1)
    return mean, 1.96 * math.sqrt(variance / count)
