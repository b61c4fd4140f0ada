"""Topics of the traffic: spherical k-means, seeded, with the number of topics chosen by the silhouette."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = 20_811
FACTORS = (1.0, 1.4, 2.0, 2.8, 4.0)
"""Numbers of topics that are tried, as multiples of the square root of the number of questions."""
SLACK = 0.08
"""Of the numbers whose silhouette is so close to the best one, the largest is taken: fine topics show gaps
that coarse ones hide."""
_ROUNDS = 25
_STARTS = 3


class Clusters(NamedTuple):
    """Vectors put into groups."""

    centroids: NDArray[Any]
    """float32 (k, dimension), unit length."""
    member_of: NDArray[Any]
    """int (n,): the group of each vector."""
    silhouette: float
    """-1 to 1: how much nearer vectors are to their own group than to the next one."""


def cluster(
    vectors: NDArray[Any], *, topics: int | None = None, start: NDArray[Any] | None = None
) -> Clusters:
    """Group unit vectors, into so many groups or as many as fit best.

    `start` are centroids of a former run: topics that are still there grow from them. The same vectors in the
    same order give the same groups, with any number of threads.
    """
    count = len(vectors)
    if count < 4 or topics == 1:
        return _grouped(vectors, _mean(vectors))
    numbers = [topics] if topics is not None else _numbers(count)
    tried = [_grouped(vectors, _k_means(vectors, min(k, count), start)) for k in numbers]
    best = max(item.silhouette for item in tried)
    fitting = [item for item in tried if item.silhouette >= best - SLACK]
    return max(fitting, key=lambda item: len(item.centroids))


def _numbers(count: int) -> list[int]:
    most = max(2, count // 3)
    return sorted({min(most, max(2, int(factor * math.sqrt(count)))) for factor in FACTORS})


def _k_means(vectors: NDArray[Any], k: int, start: NDArray[Any] | None) -> NDArray[Any]:
    import faiss
    import numpy as np

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # so that sums, and with them the groups, are the same on every machine
    try:
        engine = faiss.Kmeans(
            vectors.shape[1],
            k,
            niter=_ROUNDS,
            nredo=1 if start is not None else _STARTS,
            seed=SEED,
            spherical=True,
            min_points_per_centroid=1,
            max_points_per_centroid=len(vectors),
        )
        points = np.ascontiguousarray(vectors, dtype=np.float32)
        engine.train(points, init_centroids=None if start is None else _seeds(points, k, start))
        return np.asarray(engine.centroids, dtype=np.float32).reshape(k, -1)
    finally:
        faiss.omp_set_num_threads(threads)


def _seeds(vectors: NDArray[Any], k: int, start: NDArray[Any]) -> NDArray[Any]:
    """Former centroids, and for the rest the vectors that are farthest from all chosen so far."""
    import numpy as np

    chosen = np.ascontiguousarray(start[:k], dtype=np.float32)
    nearest = (vectors @ chosen.T).max(axis=1)
    more = []
    for _ in range(k - len(chosen)):
        place = int(nearest.argmin())
        more.append(vectors[place])
        nearest = np.maximum(nearest, vectors @ vectors[place])
    return np.ascontiguousarray(np.vstack([chosen, *more]), dtype=np.float32)


def _mean(vectors: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    centre = vectors.mean(axis=0, keepdims=True)
    return np.asarray(centre / max(float(np.linalg.norm(centre)), 1e-9), dtype=np.float32)


def _grouped(vectors: NDArray[Any], centroids: NDArray[Any]) -> Clusters:
    """Assign vectors, drop empty groups, put each centroid where its members are."""
    import numpy as np

    nearest = (vectors @ centroids.T).argmax(axis=1)
    kept, member_of = np.unique(nearest, return_inverse=True)
    centres = np.zeros((len(kept), vectors.shape[1]), dtype=np.float32)
    np.add.at(centres, member_of, vectors)
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    return Clusters(centres, member_of, _silhouette(vectors, centres, member_of))


def _silhouette(vectors: NDArray[Any], centroids: NDArray[Any], member_of: NDArray[Any]) -> float:
    """The simplified silhouette (Hruschka et al. 2004): distances to centroids instead of to every member.

    A vector is taken out of its own centroid first; alone in its group it counts as 0.
    """
    import numpy as np

    if len(centroids) < 2:
        return 0.0
    places = np.arange(len(vectors))
    alike = vectors @ centroids.T
    own = 1 - left_out_similarity(vectors, centroids, member_of)
    alike[places, member_of] = -2
    other = 1 - alike.max(axis=1)
    sizes = np.bincount(member_of, minlength=len(centroids))[member_of]
    scores = np.where(sizes > 1, (other - own) / np.maximum(np.maximum(own, other), 1e-9), 0.0)
    return float(scores.mean())


def left_out_similarity(
    vectors: NDArray[Any], centroids: NDArray[Any], member_of: NDArray[Any]
) -> NDArray[Any]:
    """How like each vector is to the centroid of the others of its group; 0 for one that is alone."""
    import numpy as np

    sums = np.zeros_like(centroids)
    np.add.at(sums, member_of, vectors)
    others = sums[member_of] - vectors
    lengths = np.linalg.norm(others, axis=1)
    alone = np.bincount(member_of, minlength=len(centroids))[member_of] < 2
    dots = (others * vectors).sum(axis=1) / np.maximum(lengths, 1e-9)
    return np.where(alone, 0.0, dots)
