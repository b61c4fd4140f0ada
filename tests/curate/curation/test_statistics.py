"""The sample and the curve of open items, beside what they are meant to be."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.curate.curation.sampling import ended_periods, stratified
from headrace.curate.curation.survival import latency, quantile

TIMES = st.lists(st.integers(1, 30).map(float), max_size=25)


def test_a_sample_takes_from_every_stratum_its_share() -> None:
    strata = {"ask/1": [f"a{n}" for n in range(90)], "call/1": [f"c{n}" for n in range(10)], "chat/1": ["x"]}
    drawn, counts = stratified(strata, 20, rank=lambda trace: trace)
    assert Counter(item.stratum for item in drawn) == {"ask/1": 18, "call/1": 2, "chat/1": 1}
    assert {item.stratum: item.probability for item in drawn} == {"ask/1": 0.2, "call/1": 0.2, "chat/1": 1.0}
    assert [(count.name, count.frame, count.drawn) for count in counts] == [
        ("ask/1", 90, 18),
        ("call/1", 10, 2),
        ("chat/1", 1, 1),
    ]


def test_every_trace_has_the_same_chance() -> None:
    names = [f"trace{n}" for n in range(40)]
    taken: Counter[str] = Counter()
    for draw in range(400):
        rank = {name: f"{random.Random(f'{draw}{name}').random():.12f}" for name in names}
        drawn, _ = stratified({"s": names}, 10, rank=rank.__getitem__)
        taken.update(item.trace_id for item in drawn)
    assert min(taken.values()) > 60
    assert max(taken.values()) < 145


@settings(max_examples=20)
@given(st.permutations([f"t{n}" for n in range(12)]), st.integers(0, 12))
def test_a_sample_does_not_depend_on_the_order(names: list[str], n: int) -> None:
    drawn = stratified({"s": names}, n, rank=lambda trace: trace[::-1])[0]
    assert drawn == stratified({"s": sorted(names)}, n, rank=lambda trace: trace[::-1])[0]
    assert len(drawn) == n


def test_only_periods_that_are_over_and_wholly_in_the_window_are_drawn_from() -> None:
    assert ended_periods(since_us=15, now_us=45, period_us=10) == [(20, 30), (30, 40)]
    assert ended_periods(since_us=20, now_us=29, period_us=10) == []


@pytest.mark.soak
@settings(max_examples=200)
@given(TIMES, TIMES, st.sampled_from([0.25, 0.5, 0.9]))
def test_quantiles_are_those_of_statsmodels(done: list[float], waits: list[float], share: float) -> None:
    statsmodels = pytest.importorskip("statsmodels.duration.survfunc")
    found = quantile(done, waits, share)
    if not done:
        assert found is None
        return
    times, status = [*done, *waits], [1] * len(done) + [0] * len(waits)
    expected = statsmodels.SurvfuncRight(np.array(times), np.array(status)).quantile(share)
    # At a time where the curve stands exactly on the share, theirs takes the next step.
    if found is None or np.isinf(expected) or np.isnan(expected):
        assert found is None or not expected <= found
    else:
        assert found <= expected


def test_open_items_make_the_median_longer() -> None:
    closed = latency("noticed → triaged", done=[1, 2, 3, 4], still_open=[])
    with_open = latency("noticed → triaged", done=[1, 2, 3, 4], still_open=[10, 10, 10])
    assert (closed.median_seconds, with_open.median_seconds) == (2, 4)
    assert latency("x", done=[1], still_open=[5, 5, 5]).median_seconds is None
    # Freireich et al. (1963), 6-MP: the median remission is 23 weeks.
    weeks = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    waits = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    assert quantile(weeks, waits, 0.5) == 23
