"""The measures of a comparison, against values worked out by hand and properties that always hold."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.curate.evals.ranks import resolve
from headrace.errors import UsageError
from headrace.flows.index import verdict
from headrace.flows.index.golden import read_golden
from headrace.flows.index.measures import (
    mean_difference,
    ndcg,
    overlap,
    percentile,
    rank_biased_overlap,
    recall,
)
from headrace.flows.index.verdict import Findings, judge
from headrace.ledger.documents import Coverage

rankings = st.lists(st.sampled_from("abcdefgh"), max_size=8, unique=True)
WHOLE = Coverage(serving=10, current=10, ghosts=0)
GOLDEN = {"k": 10, "questions": 30, "a": 0.9, "b": 0.9, "change": 0.0, "margin": 0.01}


@given(rankings, rankings)
def test_likeness_is_symmetric_and_between_0_and_1(a: list[str], b: list[str]) -> None:
    for measure in (overlap, rank_biased_overlap):
        assert 0.0 <= measure(a, b) <= 1.0
        assert measure(a, b) == pytest.approx(measure(b, a))
        assert measure(a, a) == 1.0


def test_likeness_by_hand() -> None:
    assert overlap("abcd", "abxy") == 0.5
    assert overlap("ab", "abcd") == 0.5
    assert rank_biased_overlap("ab", "xy") == 0.0
    # Agreement 0 at the first place, 1 at the second: 0.9 / (1 + 0.9).
    assert rank_biased_overlap("ab", "ba") == pytest.approx(0.9 / 1.9)
    assert rank_biased_overlap("abcd", "abdc") > rank_biased_overlap("abcd", "bacd")


def test_goodness_by_hand() -> None:
    assert recall("abc", "ax") == 0.5
    assert ndcg("xa", "a") == pytest.approx(1 / math.log2(3))
    assert ndcg("ab", "ab") == 1.0
    assert ndcg("xy", "a") == 0.0


def test_percentiles_and_differences_by_hand() -> None:
    assert (percentile([3, 1, 2], 0.5), percentile([1, 2, 3, 4], 0.95), percentile([], 0.5)) == (2, 4, 0.0)
    assert mean_difference([(0.0, 1.0), (0.0, 1.0)]) == (1.0, 0.0)
    mean, margin = mean_difference([(0.0, 1.0), (0.0, 0.0)])
    assert mean == 0.5
    assert margin == pytest.approx(1.96 * math.sqrt(0.5 / 2))
    assert mean_difference([(0.0, 1.0)])[1] == math.inf


@pytest.mark.parametrize(
    ("change", "expected", "said"),
    [
        ({}, "pass", "recall@10"),
        ({"change": -0.2, "margin": 0.05}, "fail", "recall@10"),
        ({"change": -0.04, "margin": 0.05}, "inconclusive", "cannot be ruled out"),
        ({"questions": 9}, "inconclusive", "too few"),
    ],
)
def test_a_verdict_on_a_golden_set(change: dict[str, float], expected: str, said: str) -> None:
    word, reasons = _judge(golden={**GOLDEN, **change})
    assert (word, said in reasons[0]) == (expected, True)


@pytest.mark.parametrize(
    ("overlap_at_k", "queries", "expected"),
    [(0.9, 20, "pass"), (0.9, 19, "inconclusive"), (0.4, 50, "inconclusive"), (None, 0, "inconclusive")],
)
def test_a_verdict_on_recent_queries(overlap_at_k: float | None, queries: int, expected: str) -> None:
    assert _judge(overlap=overlap_at_k, queries=queries)[0] == expected


def test_what_lacks_a_document_or_is_slow_fails_whatever_it_finds() -> None:
    lacking = Coverage(serving=10, current=9, ghosts=2)
    word, reasons = _judge(golden=GOLDEN, coverage=lacking)
    assert (word, len(reasons)) == ("fail", 2)
    slow = ({"p50": 5.0, "p95": 10.0}, {"p50": 5.0, "p95": 61.0})
    assert _judge(golden=GOLDEN, latency=slow)[0] == "fail"
    assert _judge(golden=GOLDEN, latency=({"p50": 5.0, "p95": 10.0}, {"p50": 5.0, "p95": 59.0}))[0] == "pass"
    assert verdict.SLOWER_MS == 50


def _judge(**found: object) -> tuple[str, tuple[str, ...]]:
    facts = {"coverage": WHOLE, "overlap": None, "queries": 0, "golden": {}, "latency": ({}, {}), **found}
    return judge(Findings(**facts))  # type: ignore[arg-type]


def test_a_golden_set_is_read_and_names_are_matched_by_their_ending(tmp_path: Path) -> None:
    path = tmp_path / "golden.jsonl"
    rows = [
        {"question": "Where?", "document": "a.md"},
        {"question": "When?", "documents": ["b.md", "c/d.md"]},
    ]
    path.write_text("\n\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    first, second = read_golden(path)
    assert (first.documents, second.documents, second.corpus, second.access) == (
        ("a.md",),
        ("b.md", "c/d.md"),
        None,
        (),
    )
    assert resolve(("a.md",), ("docs/a.md", "docs/ba.md", "a.md")) == ("a.md", "docs/ba.md", "a.md")


@pytest.mark.parametrize("line", ["{", '{"question": ""}', '{"question": "x", "document": 3}', "[]"])
def test_a_line_that_does_not_fit_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "golden.jsonl"
    path.write_text(f'{{"question": "x", "document": "y"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"golden\.jsonl:2"):
        read_golden(path)
