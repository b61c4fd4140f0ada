"""Paired pass and fail: McNemar's exact test with the mid-p, and Tango's score interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from headrace.curate.evals.statistics.effects import ALPHA, POWER, Effect

if TYPE_CHECKING:
    from headrace.curate.evals.statistics.effects import Floats


def pass_fail_effect(before: Floats, after: Floats) -> Effect:
    """Difference of two pass rates over the same independent cases; values are 0 or 1."""
    from scipy.special import ndtri

    count = len(before)
    gained = int(((before == 0) & (after == 1)).sum())
    lost = int(((before == 1) & (after == 0)).sum())
    difference = (gained - lost) / count
    low, high = tango(gained, lost, count)
    z = float(ndtri(1 - ALPHA / 2)) + float(ndtri(POWER))
    return Effect(
        difference,
        low,
        high,
        mid_p(gained, lost),
        z * _error(gained, lost, count),
        _error(gained, lost, count),
        math.inf,
        "McNemar mid-p, Tango interval",
    )


def mid_p(gained: int, lost: int) -> float:
    """Two-sided mid-p of McNemar's exact test (Fagerland, Lydersen and Laake, 2013)."""
    from scipy.special import bdtr

    total, least = gained + lost, min(gained, lost)
    if total == 0:
        return 1.0
    up_to = float(bdtr(least, total, 0.5))
    below = float(bdtr(least - 1, total, 0.5)) if least else 0.0
    return min(1.0, up_to + below)


def tango(gained: int, lost: int, count: int, *, alpha: float = ALPHA) -> tuple[float, float]:
    """Score interval of the difference of two paired rates (Tango, 1998); right for few discordant cases."""
    from scipy.special import ndtri

    z = float(ndtri(1 - alpha / 2))
    difference = (gained - lost) / count
    low = _where(lambda bound: _score(gained, lost, count, bound) - z, -1.0, difference)
    high = _where(lambda bound: _score(gained, lost, count, bound) + z, difference, 1.0)
    return low, high


def score_p(gained: int, lost: int, count: int, bound: float) -> float:
    """One-sided p-value of "the difference is not below `bound`", from the score; small means it is below."""
    from scipy.special import ndtr

    return float(ndtr(_score(gained, lost, count, bound)))


def newcombe(passed: int, gained: int, lost: int, count: int) -> tuple[float, float]:
    """Newcombe's method 10 (1998), from Wilson intervals of both rates; `passed` before and after alike."""
    failed = count - passed - gained - lost
    first, second = passed + lost, passed + gained
    low1, high1 = _wilson(first, count)
    low2, high2 = _wilson(second, count)
    p1, p2 = first / count, second / count
    product = first * (count - first) * second * (count - second)
    cross = float(passed * failed - gained * lost)
    if product and cross > 0:
        cross = max(cross - count / 2, 0.0)
    phi = cross / math.sqrt(product) if product else 0.0
    down = (p2 - low2) ** 2 - 2 * phi * (p2 - low2) * (high1 - p1) + (high1 - p1) ** 2
    up = (high2 - p2) ** 2 - 2 * phi * (high2 - p2) * (p1 - low1) + (p1 - low1) ** 2
    difference = p2 - p1
    return difference - math.sqrt(max(down, 0.0)), difference + math.sqrt(max(up, 0.0))


def _wilson(hits: int, count: int) -> tuple[float, float]:
    from scipy.special import ndtri

    z = float(ndtri(1 - ALPHA / 2))
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return middle - half, middle + half


def _error(gained: int, lost: int, count: int) -> float:
    """From the share of cases that changed, never taken to be none: one more is added."""
    changed = (gained + lost + 1) / (count + 1)
    difference = (gained - lost) / count
    return math.sqrt(max(changed - difference * difference, 1 / (count + 1)) / count)


def _score(gained: int, lost: int, count: int, bound: float) -> float:
    """How many standard errors the difference lies above `bound`, if that were the truth."""
    linear = -gained - lost + (2 * count - gained + lost) * bound
    constant = -lost * bound * (1 - bound)
    likely = (math.sqrt(max(linear * linear - 8 * count * constant, 0.0)) - linear) / (4 * count)
    variance = count * (2 * likely + bound * (1 - bound))
    distance = gained - lost - count * bound
    if variance <= 1e-12:
        return 0.0 if abs(distance) < 1e-9 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def _where(function: object, low: float, high: float) -> float:
    """Where a falling function crosses zero; the end of the range where it does not."""
    assert callable(function)
    for _ in range(60):
        middle = (low + high) / 2
        if function(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
