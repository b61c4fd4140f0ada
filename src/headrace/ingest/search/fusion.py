"""Fuse full-text and vector scores into one rank: a convex combination of min-max normalised scores.

Bruch, Gai, Ingber: An Analysis of Fusion Functions for Hybrid Retrieval (ACM TOIS 2023, arXiv 2210.11934)
found it better than reciprocal rank and robust to its one weight; on Cranfield it gives the higher nDCG too.
"""

from __future__ import annotations

from collections.abc import Mapping

VECTOR_WEIGHT = 0.6
"""Measured on Cranfield with the built-in embedder; see docs/decisions/0004-fusion.md."""
_DIGITS = 6


def fuse(
    lexical: Mapping[int, float], semantic: Mapping[int, float], *, vector_weight: float = VECTOR_WEIGHT
) -> list[tuple[int, float]]:
    """Rank the union of two lists of (row → score, higher is better) by fused score in [0, 1].

    Give `semantic` the true similarity of every candidate, those that only `lexical` found included: taking
    them for the worst costs quality. A row that a list lacks scores 0 there. Scores that agree to six digits
    are equal, and equal ones are ordered by row.
    """
    if not lexical or not semantic:
        vector_weight = 1.0 if semantic else 0.0
    left, right = _normalised(lexical), _normalised(semantic)
    fused = {
        row: (1 - vector_weight) * left.get(row, 0.0) + vector_weight * right.get(row, 0.0)
        for row in left.keys() | right.keys()
    }
    rounded = [(row, round(score, _DIGITS)) for row, score in fused.items()]
    return sorted(rounded, key=lambda pair: (-pair[1], pair[0]))


def _normalised(scores: Mapping[int, float]) -> dict[int, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    width = high - low
    if width <= 0:
        return dict.fromkeys(scores, 1.0)
    return {row: (score - low) / width for row, score in scores.items()}
