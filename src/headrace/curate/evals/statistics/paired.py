"""Paired difference of means, robust against cases that belong together.

Miller, "Adding Error Bars to Evals" (arXiv 2411.00640): the unit is the group (a conversation, a source
document), and groups of one case each give the ordinary paired t-interval.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from headrace.curate.evals.statistics.effects import ALPHA, POWER, Effect, chance_unseen

if TYPE_CHECKING:
    from headrace.curate.evals.statistics.effects import Codes, Floats


def mean_effect(differences: Floats, groups: Codes, *, unit: bool = False) -> Effect:
    """Mean of the differences with its interval: t with (groups - 1) degrees of freedom.

    `groups` are the codes 0…C-1 of each case. `unit`: the metric lies in [0, 1]; there, equal differences
    everywhere do not mean certainty, and the interval is what so many groups leave open.
    """
    import numpy as np
    from scipy.special import stdtr, stdtrit

    cases = len(differences)
    clusters = int(groups.max()) + 1 if cases else 0
    mean = float(differences.mean()) if cases else 0.0
    if clusters < 2:
        return Effect(mean, -math.inf, math.inf, None, None, math.inf, 0, "too few cases")
    centred = differences - mean
    sums = np.bincount(groups, weights=centred, minlength=clusters)
    error = math.sqrt(clusters / (clusters - 1) * float(np.square(sums).sum())) / cases
    degrees = clusters - 1
    if error < 1e-12:
        return _all_alike(mean, clusters, unit=unit)
    half = float(stdtrit(degrees, 1 - ALPHA / 2)) * error
    p = 2 * float(stdtr(degrees, -abs(mean) / error))
    seen = (float(stdtrit(degrees, 1 - ALPHA / 2)) + float(stdtrit(degrees, POWER))) * error
    method = "paired t" if clusters == cases else f"cluster-robust t, {clusters} groups"
    low, high = mean - half, mean + half
    if unit:
        low, high = max(low, -1.0), min(high, 1.0)
    return Effect(mean, low, high, p, seen, error, degrees, method)


def side_p(effect: Effect, bound: float) -> float | None:
    """One-sided p-value of "the difference is not below `bound`"; small means it is below."""
    from scipy.special import stdtr

    if effect.error <= 0 or not math.isfinite(effect.error):
        return None
    return float(stdtr(effect.degrees, (effect.difference - bound) / effect.error))


def summary(values: Floats, groups: Codes, *, unit: bool = False) -> tuple[float, float, float]:
    """Mean of a metric and its 95 % interval, robust against groups; within [0, 1] for a unit metric."""
    effect = mean_effect(values, groups, unit=unit)
    low, high = effect.low, effect.high
    if unit:
        low, high = max(low, 0.0), min(high, 1.0)
    return effect.difference, low, high


def _all_alike(mean: float, clusters: int, *, unit: bool) -> Effect:
    if not unit:
        return Effect(mean, mean, mean, 1.0 if mean == 0 else 0.0, None, 0.0, clusters - 1, "all alike")
    open_share = chance_unseen(clusters)
    p = 1.0 if mean == 0 else 2 * 0.5**clusters
    low, high = max(mean - open_share, -1.0), min(mean + open_share, 1.0)
    return Effect(mean, low, high, p, open_share, 0.0, clusters - 1, "all alike")
