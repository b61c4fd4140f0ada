"""Wrong semantic hits are measured with a bound, and past their limit the cache is off."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.infer.cache.shadow import Shadow, bounds, is_past
from headrace.ledger.ledger import Ledger


def shadow(ledger: Ledger, *, threshold: float = 0.95, limit: float = 0.05, rate: float = 0.2) -> Shadow:
    return Shadow(ledger, threshold=threshold, embedder="e", rate=rate, limit=limit)


def test_bounds_are_exact() -> None:
    assert bounds(0, 0) == (0.0, 1.0)
    assert bounds(59, 0) == pytest.approx((0.0, 1 - 0.05 ** (1 / 59)))
    assert bounds(3, 3) == pytest.approx((0.05 ** (1 / 3), 1.0))


def at_most(count: int, checks: int, share: float) -> float:
    return sum(math.comb(checks, k) * share**k * (1 - share) ** (checks - k) for k in range(count + 1))


@settings(max_examples=40)
@given(st.integers(1, 400), st.data())
def test_bounds_hold_the_share_between_them(checks: int, data: st.DataObject) -> None:
    false_hits = data.draw(st.integers(0, checks))
    low, high = bounds(checks, false_hits)
    assert 0 <= low <= false_hits / checks <= high <= 1
    if false_hits:
        assert 1 - at_most(false_hits - 1, checks, low) == pytest.approx(0.05)
    if false_hits < checks:
        assert at_most(false_hits, checks, high) == pytest.approx(0.05)


def test_when_a_limit_is_passed() -> None:
    assert not is_past(58, 0, limit=0.05)
    assert not is_past(2, 1, limit=0.05)
    assert not is_past(10, 1, limit=0.05), "too few to say so"
    assert is_past(3, 3, limit=0.05), "sure long before there are many"
    assert is_past(60, 1, limit=0.05), "enough to have proved it kept, and it is not proved"
    assert not is_past(200, 3, limit=0.05)
    assert is_past(200, 20, limit=0.05)


def test_checks_are_counted_for_all_processes_and_switch_off(ledger: Ledger) -> None:
    one, two = shadow(ledger), shadow(ledger)
    for same in (True, True, True, False):
        one.report(same=same).result()
    assert not two.is_off()
    two.report(same=False).result()
    found = one.series(fresh=True)
    assert (found.checks, found.false_hits) == (5, 2)
    assert one.is_off()
    assert two.is_off()
    assert found.reason.startswith("2 of 5 checked hits were wrong")
    assert not shadow(ledger, threshold=0.9).is_off(), "another threshold is measured anew"
    one.restart()
    assert not one.is_off()
    assert one.series().checks == 0
    one.restart()
    assert one.series().number == 1, "nothing was measured, nothing to restart"


@pytest.mark.parametrize(("rate", "low", "high"), [(0.0, 0, 0), (1.0, 1000, 1000), (0.2, 120, 280)])
def test_a_sample_is_checked(sqlite_ledger: Ledger, rate: float, low: int, high: int) -> None:
    sampled = shadow(sqlite_ledger, rate=rate)
    assert low <= sum(sampled.due() for _ in range(1000)) <= high
