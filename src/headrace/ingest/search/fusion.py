"""Fuse ranked lists into one: a convex combination of min-max normalised scores.

Bruch, Gai, Ingber: An Analysis of Fusion Functions for Hybrid Retrieval (ACM TOIS 2023, arXiv 2210.11934)
found it better than reciprocal rank and robust to its one weight; on Cranfield it gives the higher nDCG too.
"""

from __future__ import annotations

from collections.abc import Mapping

VECTOR_WEIGHT = 0.5


def fuse(
    lexical: Mapping[str, float], semantic: Mapping[str, float], *, vector_weight: float = VECTOR_WEIGHT
) -> list[tuple[str, float]]:
    """Rank the union of two lists of (key → score, higher is better) by fused score in [0, 1].

    A key that one list lacks scores 0 there. Equal scores are ordered by key, so that the same index gives
    the same order.
    """
    if not lexical or not semantic:
        vector_weight = 1.0 if semantic else 0.0
    left, right = _normalised(lexical), _normalised(semantic)
    fused = {
        key: (1 - vector_weight) * left.get(key, 0.0) + vector_weight * right.get(key, 0.0)
        for key in left.keys() | right.keys()
    }
    return sorted(fused.items(), key=lambda pair: (-pair[1], pair[0]))


def _normalised(scores: Mapping[str, float]) -> dict[str, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    width = high - low
    if width <= 0:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / width for key, score in scores.items()}
