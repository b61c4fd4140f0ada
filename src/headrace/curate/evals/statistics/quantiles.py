"""Paired, seeded bootstrap of what is no mean: the median or the 95th percentile of a latency.

The draws are those of resampling whole cases, done without touching every case of every draw. A quantile of a
resample depends on how often the cases around it were drawn and on how many lie below and above: the few
around are counted one by one, the many others in the up to eight fields they fall into.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from headrace.curate.evals.statistics.effects import ALPHA, POWER, Effect

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from headrace.curate.evals.statistics.effects import Codes, Floats

DRAWS = 10_000
_REACH = 4.5
"""Standard deviations of a rank that are counted case by case; beyond is less than one draw in 100,000."""
_CHUNK = 250_000
"""Numbers in memory at once: as many as a processor keeps close."""


def quantile(values: Floats, share: float) -> float:
    """The nearest-rank quantile, as the bootstrap takes it."""
    import numpy as np

    return float(np.partition(values, _rank(len(values), share))[_rank(len(values), share)])


def quantile_effect(
    before: Floats, after: Floats, groups: Codes, *, share: float, seed: int, draws: int = DRAWS
) -> Effect:
    """Difference of a quantile of both runs over the same cases, with the percentile interval."""
    import numpy as np
    from scipy.special import ndtri

    count = len(before)
    clusters = int(groups.max()) + 1 if count else 0
    if clusters < 2:
        return Effect(0.0, -math.inf, math.inf, None, None, math.inf, 0, "too few cases")
    difference = quantile(after, share) - quantile(before, share)
    random = np.random.default_rng(seed)
    if clusters == count:
        drawn = _independent(before, after, share, random, draws)
    else:
        drawn = _clustered(before, after, groups, share, random, draws)
    low, high = (float(value) for value in np.quantile(drawn, [ALPHA / 2, 1 - ALPHA / 2]))
    below, above = float((drawn <= 0).mean()), float((drawn >= 0).mean())
    p = min(1.0, 2 * max(min(below, above), 1 / (draws + 1)))
    error = float(drawn.std())
    seen = (float(ndtri(1 - ALPHA / 2)) + float(ndtri(POWER))) * error
    return Effect(difference, low, high, p, seen, error, math.inf, f"bootstrap, {draws:,} draws")


def _rank(count: int, share: float) -> int:
    return max(0, math.ceil(share * count) - 1)


def _independent(
    before: Floats, after: Floats, share: float, random: np.random.Generator, draws: int
) -> NDArray[np.float64]:
    """Differences of the quantile in resamples of single cases."""
    import numpy as np

    count = len(before)
    rank = _rank(count, share)
    reach = math.ceil(_REACH * math.sqrt(count * share * (1 - share))) + 2
    first, last = max(0, rank - reach), min(count - 1, rank + reach)
    zones = [_zones(values, first, last) for values in (before, after)]
    near = (zones[0] == 1) | (zones[1] == 1)
    singles = np.flatnonzero(near)
    fields = np.bincount(zones[0][~near] * 3 + zones[1][~near], minlength=9)
    found = np.empty(draws)
    step = max(1, _CHUNK // max(len(singles), 1))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        counts, rest = _counts(random, len(singles), fields, count, size)
        quantiles = []
        for side, values in enumerate((before, after)):
            own = zones[side][singles]
            under = rest[:, _fields_below(side)].sum(axis=1) + counts[:, own == 0].sum(axis=1)
            inside = np.flatnonzero(own == 1)
            order = inside[np.argsort(values[singles][inside], kind="stable")]
            running = np.cumsum(counts[:, order], axis=1, dtype=np.int32) + under[:, None]
            place = np.minimum((running <= rank).sum(axis=1), len(order) - 1)
            quantiles.append(values[singles][order][place])
        found[start : start + size] = quantiles[1] - quantiles[0]
    return found


def _zones(values: Floats, first: int, last: int) -> NDArray[np.int64]:
    """0 below, 1 around and 2 above the ranks first…last."""
    import numpy as np

    ranks = np.empty(len(values), dtype=np.int64)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return np.where(ranks < first, 0, np.where(ranks > last, 2, 1))


def _fields_below(side: int) -> list[int]:
    return [field for field in range(9) if (field // 3 if side == 0 else field % 3) == 0]


def _counts(
    random: np.random.Generator, singles: int, fields: NDArray[Any], count: int, size: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """How often each single case, and each field of the others, was drawn in each of `size` resamples."""
    import numpy as np

    into = random.binomial(count, singles / count, size)
    total = int(into.sum())
    starts = np.repeat(np.arange(size, dtype=np.int32) * singles, into)
    places = random.integers(0, singles, total, dtype=np.int32) + starts
    counts = np.bincount(places, minlength=size * singles).reshape(size, singles)
    others = count - singles
    if not others:
        return counts, np.zeros((size, 9), dtype=np.int64)
    return counts, random.multinomial(count - into, fields / others)


def _clustered(
    before: Floats, after: Floats, groups: Codes, share: float, random: np.random.Generator, draws: int
) -> NDArray[np.float64]:
    """Differences of the quantile in resamples of whole groups."""
    import numpy as np

    clusters = int(groups.max()) + 1
    orders = [np.argsort(values, kind="stable") for values in (before, after)]
    found = np.empty(draws)
    step = max(1, _CHUNK // len(before))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        chosen = random.integers(0, clusters, (size, clusters)) + np.arange(size)[:, None] * clusters
        weights = np.bincount(chosen.ravel(), minlength=size * clusters).reshape(size, clusters)[:, groups]
        wanted = np.ceil(share * weights.sum(axis=1))
        sides = []
        for values, order in zip((before, after), orders, strict=True):
            running = np.cumsum(weights[:, order], axis=1)
            place = (running < wanted[:, None]).sum(axis=1)
            sides.append(values[order][place])
        found[start : start + size] = sides[1] - sides[0]
    return found
