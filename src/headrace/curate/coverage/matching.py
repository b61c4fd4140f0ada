"""Topics keep their number from run to run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAME = 0.8
"""Centres at least so alike (cosine) are of the same topic."""


class Former(NamedTuple):
    """The topics of the run before."""

    numbers: Sequence[int]
    shares: Sequence[float]
    centroids: NDArray[Any]
    own: float
    """How like its topic a question had to be."""


def number_topics(centroids: NDArray[Any], former: Former | None, *, highest: int) -> list[int]:
    """The number of each topic: that of the former one it is, or the next that nobody had.

    Pairs are chosen so that they are as alike as possible together (the assignment problem), then those that
    are too far apart are undone.
    """
    found: dict[int, int] = {}
    if former is not None and len(former.numbers):
        from scipy.optimize import linear_sum_assignment

        alike = centroids @ former.centroids.T
        for place, other in zip(*linear_sum_assignment(-alike), strict=True):
            if alike[place, other] >= SAME:
                found[int(place)] = former.numbers[int(other)]
    numbers = []
    for place in range(len(centroids)):
        if place not in found:
            highest += 1
            found[place] = highest
        numbers.append(found[place])
    return numbers


def far_from_all(vectors: NDArray[Any], former: Former) -> int:
    """How many vectors are far from every former topic."""
    return int(((vectors @ former.centroids.T).max(axis=1) < former.own).sum())
