"""How sure a share is that was counted on few observations."""

from __future__ import annotations

from math import sqrt


def wilson(hits: float, n: int, *, z: float) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927), within 0 and 1; `z` is the quantile of the normal.

    `hits` may be a sum of weights in [0, 1], whose variance is at most that of as many hits and misses, so
    the interval is on the safe side. `n` is 1 or more.
    """
    share, square = hits / n, z * z
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
