"""Scorers: what they measure, and that they say so where they cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headrace.curate.evals.base import Reply, Score, ScoreInput, Scorer
from headrace.curate.evals.outputs import measure
from headrace.curate.evals.scorers.building import ScorerParts, open_scorers
from headrace.errors import ConfigError
from headrace.infer.gateway.outcome import Answer, CallOutcome, Usage

CITED = [{"document": "docs/a.md", "quote": "kept for 30 days"}, {"document": "docs/b.md", "quote": "else"}]


def parts(root: Path = Path(), *, says: str = "", function: Any = None) -> ScorerParts:
    """What scorers may ask: a judge that says one thing, the test embedder, one function."""
    from headrace.infer.embedders.hash import HashEmbedder

    def ask(model: str, messages: Any) -> CallOutcome:
        answer = Answer(output=says, text=says)
        return CallOutcome(
            valid=bool(says),
            output=says,
            text=says,
            choices=[answer],
            trace_id="0" * 32,
            span_id="0" * 16,
            attempts=(),
            reason=None if says else "upstream",
            usage=Usage(input_tokens=50, output_tokens=5),
        )

    return ScorerParts(
        root=root,
        ask=ask,
        judge_identity=lambda name: name,
        embedder=lambda name: HashEmbedder(dimension=64),
        function=lambda text: (function, "source_abcdefgh"),
    )


def scored(spec: Any, expected: Any, reply: Reply | Any, **given: Any) -> Score:
    """What one scorer says."""
    [scorer] = open_scorers([spec], parts(**given))
    reply = reply if isinstance(reply, Reply) else Reply(output=reply)
    return measure(scorer, {"question": "?"}, expected, reply)


@pytest.mark.parametrize(
    ("spec", "expected", "output", "value"),
    [
        ("exact", "yes", " yes\n", 1.0),
        ("exact", "yes", "Yes", 0.0),
        ({"type": "exact", "ignore_case": True}, {"answer": "yes"}, "YES", 1.0),
        ("exact", {"answer": ""}, "", 1.0),
        ("exact", {"answer": None}, "", None),
        ("exact", {"answer": {"a": 1}}, {"a": 1}, 1.0),
        ("exact", {"answer": 1}, True, 0.0),
        ("contains", "30 Days", "It is kept for 30\ndays.", 1.0),
        ("contains", {"contains": ["30", "days"]}, "30 hours", 0.0),
        ("contains", {"answer": "x"}, "x", None),
        ({"type": "regex", "pattern": r"^\d+ days$"}, None, "30 days", 1.0),
        ("regex", {"pattern": "a("}, "a", None),
        ("regex", {"pattern": "b"}, "a", 0.0),
        ("numeric", 12.5, "It costs 1,012.5 or 12.5 euros.", 1.0),
        ({"type": "numeric", "relative": 0.1}, {"number": 100}, "about 91", 1.0),
        ("numeric", {"number": 100}, "about 91", 0.0),
        ("numeric", {"number": 100}, "none", 0.0),
        ("numeric", "no number", "1", None),
        ({"type": "json_schema", "schema": {"type": "object", "required": ["a"]}}, None, '{"a": 1}', 1.0),
        ({"type": "json_schema", "schema": {"type": "object", "required": ["a"]}}, None, "{}", 0.0),
        ({"type": "json_schema", "schema": {"type": "object"}}, None, "no JSON", 0.0),
        ("json_schema", None, "{}", None),
        ("similarity", {"answer": "kept for 30 days"}, "kept for 30 days", 1.0),
        ("similarity", {"answer": "x"}, " ", 0.0),
    ],
)
def test_what_texts_score(spec: Any, expected: Any, output: Any, value: float | None) -> None:
    assert scored(spec, expected, output).value == (None if value is None else pytest.approx(value, abs=1e-5))


def test_citations_and_rankings() -> None:
    reply = Reply(output="30 days", documents=["docs/b.md", "docs/a.md", "docs/c.md"], citations=CITED)
    right = {"documents": ["a.md"], "quotes": ["kept for 30 days"]}
    assert scored("citations", right, reply).value == 0.5
    complete = {"type": "citations", "measure": "complete"}
    assert scored(complete, right, reply).value == 1.0
    assert scored("citations", {"documents": ["a.md"]}, Reply(output="x")).value == 0.0
    assert scored("citations", {}, reply).value is None
    assert scored("recall@1", right, reply).value == 0.0
    assert scored("recall@2", right, reply).value == 1.0
    assert scored("mrr", right, reply).value == 0.5
    assert scored({"type": "ndcg", "k": 5}, right, reply).value == pytest.approx(0.6309, abs=1e-4)
    assert scored("ndcg", {"documents": []}, reply).value is None


def test_a_dead_letter_scores_nothing_but_is_measured() -> None:
    gone = Reply(failure="dead-lettered: invalid")
    assert scored("exact", "yes", gone).value == 0.0
    assert scored({"type": "regex", "pattern": ""}, None, gone).value == 0.0
    assert scored("exact", None, gone).value is None


@pytest.mark.parametrize(
    ("says", "value"),
    [
        ("It is right.\nGRADE: 4", 1.0),
        ("**GRADE: 2**", 0.5),
        ("The text says GRADE: 4, but no.\nGRADE: 0", 0.0),
        ("GRADE: 9", None),
        ("I cannot say.", None),
        ("", None),
    ],
)
def test_a_judge_without_a_readable_grade_measures_nothing(says: str, value: float | None) -> None:
    spec = {"type": "judge", "model": "small", "rubric": "Is it right?"}
    assert scored(spec, "30 days", "30 days", says=says).value == value


def test_a_rubric_is_a_file_and_part_of_the_version(tmp_path: Path) -> None:
    spec = {"type": "judge", "model": "small", "rubric": "rubric.md"}
    with pytest.raises(ConfigError, match=r"rubric\.md"):
        open_scorers([spec], parts(tmp_path))
    versions = set()
    for text in ("Be kind.", "Be strict."):
        (tmp_path / "rubric.md").write_text(text)
        versions.add(open_scorers([spec], parts(tmp_path))[0].version)
    assert len(versions) == 2


def test_ones_own() -> None:
    class Short:
        name, version, unit, binary, costs = "short", "1", True, True, False

        def score(self, given: ScoreInput) -> Score:
            return Score(value=float(len(given.text) < 5))

    assert scored("evals/mine.py:Short", None, "abc", function=Short).value == 1.0
    assert isinstance(Short(), Scorer)

    def length(given: ScoreInput) -> float | None:
        return min(1.0, len(given.text) / 10) if given.text else None

    assert scored("evals/mine.py:length", None, "abcde", function=length).value == 0.5
    assert scored("evals/mine.py:length", None, "", function=length).value is None
    assert scored("evals/mine.py:nan", None, "a", function=lambda given: float("nan")).value is None


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("exakt", "exakt"),
        ({"type": "exact", "tolerance": 1}, "tolerance"),
        ({"type": "regex", "pattern": "("}, "RE2"),
        ({"type": "judge", "model": "small"}, "rubric"),
    ],
)
def test_what_is_no_scorer(spec: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        open_scorers([spec], parts())


def test_two_scorers_of_one_name() -> None:
    with pytest.raises(ConfigError, match="exact"):
        open_scorers(["exact", {"type": "exact", "ignore_case": True}], parts())
    named = open_scorers(["exact", {"type": "exact", "ignore_case": True, "name": "loose"}], parts())
    assert [scorer.name for scorer in named] == ["exact", "loose"]
    assert named[0].version != named[1].version
