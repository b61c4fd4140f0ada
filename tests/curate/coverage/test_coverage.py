"""Coverage in a real workspace: gaps are named, cases are drafted of them, numbers stay."""

from __future__ import annotations

import json
import os
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.curate.coverage.parts import CoverageParts
from headrace.errors import NotFoundError, UsageError
from headrace.flows.coverage.operations import CoverageOperations
from headrace.records.coverage import CaseScale, CaseText, CoverageReport
from headrace.wiring_curation import coverage_operations
from headrace.workspace import Workspace
from tests.curate.traffic import DAY, asked, send
from tests.workbench import Workbench

DATA = Path(os.environ.get("HEADRACE_TEST_DATA", "/nowhere")) / "clinc_small" / "data_small.jsonl"


class Golden:
    """A golden set in memory."""

    def __init__(
        self, texts: Sequence[str], scores: Sequence[float] = (), scale: CaseScale | None = None
    ) -> None:
        self._texts, self._scores, self._scale = texts, scores, scale

    def texts(self) -> Sequence[CaseText]:
        return [CaseText(id=f"case_{place}", text=text) for place, text in enumerate(self._texts)]

    def scores(self) -> Mapping[str, float]:
        return {f"case_{place}": score for place, score in enumerate(self._scores)}

    def scale(self) -> CaseScale | None:
        return self._scale


def coverage(workspace: Workspace, golden: Golden) -> CoverageOperations:
    parts: CoverageParts = coverage_operations(workspace).parts
    return CoverageOperations(parts=replace(parts, cases=golden))


def traffic(seed: int = 1) -> list[tuple[str, bool]]:
    """Questions about three things, and whether they are answered; those about fees are not."""
    chance = random.Random(seed)
    ways = ["how long is the {} kept", "tell me about the {} again", "where can I see the {} now", "{} {} {}"]
    things = {"heron": True, "millwheel": True, "fee": False}
    made = []
    for thing, good in things.items():
        for place in range(12):
            words = chance.choice(ways).format(thing, thing, thing)
            made.append((f"{words} {thing} {thing} {'now' * (place % 3)}", good))
    return made


def ask_all(workspace: Workspace, questions: Sequence[tuple[str, bool]], *, ago_ns: int = DAY) -> None:
    send(
        workspace,
        *(
            asked(
                text,
                "Ninety days. [1]" if good else "Nothing.",
                grounded=good,
                ago_ns=ago_ns,
                tokens=100 + place,
            )
            for place, (text, good) in enumerate(questions)
        ),
    )


def test_gaps_come_with_their_share_and_fail_rate_and_are_drafted(tmp_path: Path) -> None:
    with Workbench(tmp_path).open() as workspace:
        golden = Golden(
            ["where can I see the heron heron heron", "tell me about the heron again heron heron"],
            scores=[1.0, 0.5],
            scale=CaseScale(input_tokens=[10, 20, 30], corpus_chunks=7),
        )
        operations = coverage(workspace, golden)
        with pytest.raises(NotFoundError, match="coverage"):
            operations.gaps()
        with pytest.raises(UsageError, match="0 questions"):
            operations.measure()
        ask_all(workspace, traffic())
        report = operations.measure()
        assert (report.traffic, report.queries, report.cases, report.left_out) == (36, 36, 2, 0)
        assert sum(topic.queries for topic in report.topics) == 36
        assert report.covered.low < 1 / 3 < report.covered.high
        assert report.raw_score is not None
        assert report.raw_score.value == 0.75
        assert report.context_tokens.production["max"] == 135
        assert report.context_tokens.cases == {"p50": 20.0, "p95": 29.0, "max": 30.0}
        gaps = operations.gaps()
        assert "fee" in gaps.gaps[0].label
        assert gaps.gaps[0].failing == gaps.gaps[0].queries
        harm = [gap.share * gap.fail_rate for gap in gaps.gaps]
        assert harm == sorted(harm, reverse=True)
        drafted = operations.gaps(limit=1, draft=2).drafted
        assert len(drafted) == 2
        assert all("fee" in str(item.question) and item.kind == "case" for item in drafted)
        again = operations.gaps(limit=1, draft=2).drafted
        assert [item.id for item in again] == [item.id for item in drafted]
        assert workspace.curation.list(limit=100).counts == {"new": 2}
        told = workspace.curation.show(drafted[0].id)
        assert told.links[0].rule == "gap"
        assert workspace.why(told.links[0].trace_id).kind == "trace"


def test_topics_keep_their_number_and_new_traffic_shows(tmp_path: Path) -> None:
    with Workbench(tmp_path).open() as workspace:
        operations = coverage(workspace, Golden(["heron heron heron"]))
        ask_all(workspace, traffic())
        first, second = operations.measure(), operations.measure()
        assert first.new is None
        assert second.new is not None
        assert sum(topic.share for topic in second.topics if topic.before is not None) >= 0.7
        lighthouse = "does the lighthouse blink lighthouse lighthouse"
        ask_all(workspace, [(f"{lighthouse} {number}", True) for number in range(12)])
        third = operations.measure()
        fresh = [topic for topic in third.topics if topic.before is None]
        assert third.new is not None
        assert third.new.value >= max(0.2, second.new.value + 0.1)
        assert any("lighthouse" in topic.label for topic in fresh)
        assert not {topic.topic for topic in fresh} & set(_shares(second))
        history = operations.history()
        assert [run.run for run in history.runs] == [third.run, second.run, first.run]
        assert history.runs[0].shares == _shares(third)


def test_equal_traffic_in_another_order_gives_equal_topics(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        with Workbench(tmp_path / name).open() as workspace:
            questions = traffic()
            if name == "two":
                questions.reverse()
            ask_all(workspace, questions)
            report = coverage(workspace, Golden(["heron heron heron"])).measure()
            found.append([replace(topic, examples=()) for topic in report.topics])
    assert found[0] == found[1]


def test_searches_without_an_answer_count_as_traffic(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("mill.md", "# The mill\n\nThe mill stands by the river and herons nest there.\n")
    bench.sync()
    with bench.open() as workspace:
        for word in ("mill", "river", "herons", "nest"):
            workspace.search(f"the {word}")
        report = workspace.coverage.measure()
    assert (report.traffic, report.queries) == (4, 4)
    assert report.corpus_chunks.production["max"] >= 1


def _shares(report: CoverageReport) -> dict[int, float]:
    return {topic.topic: round(topic.queries / report.queries, 6) for topic in report.topics}


@pytest.mark.skipif(not DATA.is_file(), reason="needs HEADRACE_TEST_DATA")
def test_ten_intents_hidden_from_the_golden_set_are_named(tmp_path: Path) -> None:
    """CLINC150: 30 intents, 20 questions of each as traffic; 20 of them have 4 cases each."""
    texts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in DATA.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["intent"] != "oos":
            texts[row["intent"], row["split"]].append(row["text"])
    chance = random.Random(1)
    intents = sorted({intent for intent, _ in texts})
    chance.shuffle(intents)
    hidden, known = set(intents[:10]), intents[10:30]
    golden = [text for intent in known for text in chance.sample(texts[intent, "train"], 4)]
    spans = {}
    for intent in intents[:30]:
        for text in chance.sample(texts[intent, "test"], 20):
            span = asked(text, ago_ns=DAY)
            spans[span.trace_id] = (span, intent)
    bench = Workbench(tmp_path)
    bench.configure(embedder="minilm")
    with bench.open() as workspace:
        send(workspace, *(span for span, _ in spans.values()))
        operations = coverage(workspace, Golden(golden))
        report = operations.measure()
        gaps = operations.gaps(limit=100).gaps
    named = [Counter(spans[trace][1] for trace in gap.examples).most_common(1)[0][0] for gap in gaps]
    precision = sum(intent in hidden for intent in named) / len(named)
    recall = len(hidden & set(named)) / len(hidden)
    print(f"precision {precision:.2f}, recall {recall:.2f}, covered {report.covered.value:.2f} of 0.67")
    assert recall >= 0.9
    assert precision >= 0.6
    assert report.covered.low - 0.05 <= 2 / 3 <= report.covered.high + 0.05
