"""Fusion: what holds whatever the scores are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.ingest.search.fusion import fuse

ROWS = st.integers(0, 30)
SCORES = st.dictionaries(ROWS, st.floats(-100, 100), max_size=20)
WEIGHT = st.floats(0, 1)


@given(lexical=SCORES, semantic=SCORES, weight=WEIGHT)
def test_every_candidate_is_ranked_once_within_0_and_1(
    lexical: dict[int, float], semantic: dict[int, float], weight: float
) -> None:
    ranked = fuse(lexical, semantic, vector_weight=weight)
    assert {row for row, _ in ranked} == lexical.keys() | semantic.keys()
    assert len(ranked) == len({row for row, _ in ranked})
    assert all(0 <= score <= 1 for _, score in ranked)


@given(lexical=SCORES, semantic=SCORES)
def test_order_does_not_depend_on_the_order_of_arrival(
    lexical: dict[int, float], semantic: dict[int, float]
) -> None:
    turned = fuse(dict(reversed(lexical.items())), dict(reversed(semantic.items())))
    assert turned == fuse(lexical, semantic)
    assert turned == sorted(turned, key=lambda pair: (-pair[1], pair[0]))


@given(
    lexical=st.dictionaries(ROWS, st.integers(0, 50).map(float), min_size=1, max_size=20),
    semantic=st.dictionaries(ROWS, st.integers(0, 50).map(float), min_size=1, max_size=20),
    scale=st.sampled_from([0.25, 2.0, 64.0]),
    shift=st.sampled_from([-8.0, 0.0, 16.0]),
)
def test_the_units_of_a_score_do_not_matter(
    lexical: dict[int, float], semantic: dict[int, float], scale: float, shift: float
) -> None:
    scaled = {row: score * scale + shift for row, score in semantic.items()}
    assert fuse(lexical, scaled) == fuse(lexical, semantic)
    rescored = {row: score * scale + shift for row, score in lexical.items()}
    assert fuse(rescored, semantic) == fuse(lexical, semantic)


@given(scores=st.dictionaries(ROWS, st.integers(0, 9).map(float), min_size=1))
def test_one_list_alone_keeps_its_own_order(scores: dict[int, float]) -> None:
    expected = sorted(scores, key=lambda row: (-scores[row], row))
    assert [row for row, _ in fuse(scores, {})] == expected
    assert [row for row, _ in fuse({}, scores)] == expected


@given(lexical=SCORES, semantic=SCORES, best=st.just(31))
def test_what_is_best_in_both_lists_is_first(
    lexical: dict[int, float], semantic: dict[int, float], best: int
) -> None:
    ranked = fuse({**lexical, best: 101.0}, {**semantic, best: 101.0})
    assert ranked[0][1] == 1.0
    assert (best, 1.0) in ranked


def test_the_weight_decides_between_the_lists() -> None:
    lexical, semantic = {1: 9.0, 2: 1.0}, {1: 0.1, 2: 0.8}
    assert [row for row, _ in fuse(lexical, semantic, vector_weight=0.4)] == [1, 2]
    assert [row for row, _ in fuse(lexical, semantic, vector_weight=0.6)] == [2, 1]


def test_nothing_gives_nothing() -> None:
    assert fuse({}, {}) == []


def test_scores_that_agree_to_six_digits_are_equal() -> None:
    ranked = fuse({}, {5: 1.0, 3: 0.5 + 1e-9, 2: 0.5, 1: 0.0})
    assert [row for row, _ in ranked] == [5, 2, 3, 1]
    assert ranked[1][1] == pytest.approx(0.5)
