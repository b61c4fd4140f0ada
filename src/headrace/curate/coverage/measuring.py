"""Which topics have cases, and what follows for the traffic as a whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.curate.coverage.clustering import Clusters, left_out_similarity
from headrace.records.coverage import Share

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Z = 1.959964
OWN = 0.05
"""A case belongs to a topic if it is as like its centre as all but this share of questions are to theirs."""
NEIGHBOUR = 0.10
"""A question has a case nearby if one is as like it as all but this share of questions have a neighbour."""
_MAJORITY = 0.5
_BLOCK = 2048
PRIOR_QUERIES = 5.0
"""Weight of the traffic's fail rate in that of a topic, in questions."""


class Radius(NamedTuple):
    """How alike is alike, read off the traffic itself (cosine)."""

    own: float
    neighbour: float


class Covering(NamedTuple):
    """Cases laid over topics."""

    topic_of: NDArray[Any]
    """int (cases,): the topic of each case, -1 for one that is far from all."""
    cases: NDArray[Any]
    """int (topics,): cases of each topic."""
    near: NDArray[Any]
    """bool (n,): questions with a case nearby."""
    covered: NDArray[Any]
    """bool (topics,)."""


def radius_of(vectors: NDArray[Any], clusters: Clusters) -> Radius:
    """How like questions are to their own topic and to their nearest neighbour."""
    import numpy as np

    sizes = np.bincount(clusters.member_of, minlength=len(clusters.centroids))[clusters.member_of]
    own = left_out_similarity(vectors, clusters.centroids, clusters.member_of)[sizes > 1]
    neighbours = nearest(vectors, vectors, itself=True)
    return Radius(
        own=float(np.quantile(own, OWN)) if len(own) else 1.0,
        neighbour=float(np.quantile(neighbours, NEIGHBOUR)) if len(vectors) > 1 else 1.0,
    )


def cover(
    vectors: NDArray[Any],
    clusters: Clusters,
    cases: NDArray[Any],
    *,
    radius: Radius,
    needed: int,
) -> Covering:
    """Lay cases over topics.

    A topic is covered if it has the cases it needs, counted where each is nearest, or if most of its
    questions have a case nearby: then it is a part of a topic that has some.
    """
    import numpy as np

    count = len(clusters.centroids)
    if not len(cases):
        none = np.zeros(len(vectors), dtype=bool)
        return Covering(np.zeros(0, dtype=int), np.zeros(count, dtype=int), none, np.zeros(count, dtype=bool))
    alike = cases @ clusters.centroids.T
    topic_of = np.where(alike.max(axis=1) >= radius.own, alike.argmax(axis=1), -1)
    own = np.bincount(topic_of[topic_of >= 0], minlength=count)
    near = nearest(vectors, cases) >= radius.neighbour
    sizes = np.bincount(clusters.member_of, minlength=count)
    shares = np.bincount(clusters.member_of, weights=near, minlength=count) / np.maximum(sizes, 1)
    inside = (shares >= _MAJORITY) & (len(cases) >= needed)
    return Covering(topic_of, own, near, (own >= needed) | inside)


def nearest(vectors: NDArray[Any], others: NDArray[Any], *, itself: bool = False) -> NDArray[Any]:
    """The similarity of each vector to the nearest of the others; `itself`: the others are the vectors."""
    import numpy as np

    found = np.empty(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), _BLOCK):
        alike = vectors[start : start + _BLOCK] @ others.T
        if itself:
            rows = np.arange(len(alike))
            alike[rows, rows + start] = -2
        found[start : start + _BLOCK] = alike.max(axis=1)
    return found


def wilson(hits: int, total: int) -> Share:
    """A share with Wilson's (1927) 95 % interval; of nothing it may be anything."""
    if total <= 0:
        return Share(value=0.0, low=0.0, high=1.0)
    rate, square = hits / total, _Z * _Z
    centre = (rate + square / (2 * total)) / (1 + square / total)
    spread = _Z * math.sqrt(rate * (1 - rate) / total + square / (4 * total * total)) / (1 + square / total)
    return _share(rate, max(0.0, centre - spread), min(1.0, centre + spread))


def unseen_mass(vectors: NDArray[Any], *, neighbour: float) -> Share:
    """The share of questions to come that are like none so far: Good and Turing (1953), f1/N.

    A question is of a kind seen once if no other is as near as neighbours are.
    """
    count = len(vectors)
    if count < 2:
        return wilson(count, count)
    alone = int((nearest(vectors, vectors, itself=True) < neighbour).sum())
    return wilson(alone, count)


def shrunk(failing: int, queries: int, overall: float) -> float:
    """A topic's fail rate, drawn towards that of all traffic by a few questions' weight."""
    return (failing + PRIOR_QUERIES * overall) / (queries + PRIOR_QUERIES)


def raw_score(scores: Sequence[float]) -> Share | None:
    """The mean score with its normal 95 % interval; None without any."""
    if not scores:
        return None
    mean = math.fsum(scores) / len(scores)
    return _around(mean, _variance(scores) / len(scores))


def traffic_score(shares: Mapping[int, float], scores: Mapping[int, Sequence[float]]) -> Share | None:
    """The post-stratified score: sum of p_c s_c over the topics that have scores, with p_c made to sum to 1.

    Its variance is the sum of p_c² s²_c / n_c; a topic with one score takes the variance of all.
    """
    weights = {topic: shares[topic] for topic, given in scores.items() if given and topic in shares}
    total = math.fsum(weights.values())
    if total <= 0:
        return None
    pooled = _variance([value for topic in weights for value in scores[topic]])
    mean = variance = 0.0
    for topic, weight in weights.items():
        given = scores[topic]
        part = weight / total
        mean += part * math.fsum(given) / len(given)
        variance += part * part * (_variance(given) if len(given) > 1 else pooled) / len(given)
    return _around(mean, variance)


def _variance(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _around(mean: float, variance: float) -> Share:
    spread = _Z * math.sqrt(variance)
    return _share(mean, mean - spread, mean + spread)


def _share(value: float, low: float, high: float) -> Share:
    return Share(value=round(value, 4), low=round(low, 4), high=round(high, 4))
