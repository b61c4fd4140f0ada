"""Golden sets: states, parts, versions, redaction, files, and the month's sample."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.curate.golden.cases import half_of
from headrace.curate.golden.operations import GoldenOperations
from headrace.curate.golden.parts import TracedAnswer
from headrace.curate.golden.texts import golden_texts
from headrace.errors import NotFoundError, UsageError
from headrace.ledger import consents
from headrace.records.call import SpanEvent, new_span_id, new_trace_id
from headrace.records.golden import CaseInput
from headrace.workspace import Workspace
from tests.workbench import Workbench

DAY_NS = 86_400_000_000_000


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One for all: each test takes a set of its own."""
    with Workbench(tmp_path_factory.mktemp("golden")).open() as opened:
        yield opened


def case(key: str = "one", text: str = "How long?", **more: object) -> CaseInput:
    return CaseInput(key=key, inputs={"question": text}, **more)  # type: ignore[arg-type]


def test_the_life_of_a_case(workspace: Workspace) -> None:
    golden = workspace.golden
    first = golden.add([case(part="failures")], golden="life")
    assert first.added == ("one",)
    assert golden.add([case(part="failures")], golden="life").unchanged == ("one",)
    before = golden.list("life")
    assert before.counts == {"draft": 1}
    accepted = golden.accept(["one"], golden="life", reason="looked at")
    assert accepted.version != before.version
    golden.edit("one", golden="life", reason="clearer", inputs={"question": "How many days?"})
    golden.retire(["one"], golden="life", reason="the rule is gone")
    shown = golden.show("one", golden="life")
    assert [event.state for event in shown.events] == ["draft", "active", "active", "retired"]
    assert [event.reason for event in shown.events][1:] == ["looked at", "clearer", "the rule is gone"]
    assert shown.events[0].case != shown.events[2].case == shown.case
    golden.accept(["one"], golden="life")
    assert golden.list("life").counts == {"active": 1}


def test_what_cannot_be(workspace: Workspace) -> None:
    golden = workspace.golden
    golden.add([case()], golden="refused", accept=True)
    with pytest.raises(UsageError, match="frozen"):
        golden.edit("one", golden="refused", inputs={"question": "Else?"})
    with pytest.raises(UsageError, match="Why"):
        golden.retire(["one"], golden="refused", reason=" ")
    with pytest.raises(NotFoundError, match="two"):
        golden.show("two", golden="refused")
    with pytest.raises(NotFoundError, match="nothing"):
        golden.list("nothing")
    with pytest.raises(UsageError, match="key 'x'"):
        golden.add([case("x"), case("x")], golden="refused")
    with pytest.raises(UsageError, match="inputs"):
        golden.add([CaseInput(key="empty", inputs={})], golden="refused")
    with pytest.raises(UsageError, match="not JSON"):
        golden.add([CaseInput(key="odd", inputs={"a": {1, 2}})], golden="refused")
    with pytest.raises(UsageError, match="name of a golden set"):
        golden.add([case()], golden="../up")


def test_a_version_names_exactly_what_is_run(workspace: Workspace) -> None:
    golden = workspace.golden
    versions = {golden.add([case(expected=None)], golden="v1", accept=True).version}
    versions.add(golden.add([case(expected="")], golden="v2", accept=True).version)
    versions.add(golden.add([case(expected=[])], golden="v3", accept=True).version)
    versions.add(golden.add([case(expected=None, tags=("a",))], golden="v4", accept=True).version)
    versions.add(golden.add([case(expected=None, must_pass=True)], golden="v5", accept=True).version)
    assert len(versions) == 5
    draft = golden.add([case("two")], golden="v1").version
    assert draft in versions, "a draft is not run"


def test_personal_data_does_not_get_in(workspace: Workspace) -> None:
    text = "Write to heron@example.org about my contract."
    change = workspace.golden.add(
        [case(text=text, expected={"answer": "Mail heron@example.org"})], golden="private"
    )
    assert change.redacted == {"email": 2} or sum(change.redacted.values()) == 2
    with workspace.ledger.read() as conn:
        held = json.dumps([item.text for item in golden_texts(conn) if item.set == "private"])
    assert "heron@" not in held
    again = workspace.golden.add(
        [case(text=text, expected={"answer": "Mail heron@example.org"})], golden="private"
    )
    assert again.unchanged == ("one",)


def test_halves_are_stable_and_about_even() -> None:
    halves = [half_of("set", f"failure-{number}") for number in range(400)]
    assert halves == [half_of("set", f"failure-{number}") for number in range(400)]
    assert 160 < halves.count("dev") < 240


def test_out_and_in_again(workspace: Workspace, tmp_path: Path) -> None:
    cases = [
        case("a", expected=None, tags=("x", "y"), group="g", owner="ops", must_pass=True),
        case("b", expected="", part="failures", provenance={"cluster": "refunds"}),
        case("c", "Ünïcode \u2028 line", expected={"documents": ["d.md"], "n": 1.5}),
    ]
    before = workspace.golden.add(cases, golden="out", accept=True)
    file = tmp_path / "cases.jsonl"
    assert len(workspace.golden.export(file, golden="out").cases) == 3
    after = workspace.golden.import_cases(file, golden="in", accept=True)
    pairs = zip(workspace.golden.list("out").cases, workspace.golden.list("in").cases, strict=True)
    assert all(old.case == new.case and old.tags == new.tags for old, new in pairs)
    assert len(after.added) == len(before.added)


def test_questions_of_index_compare_are_cases(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "golden.jsonl"
    file.write_text('{"question": "How long?", "document": "a.md"}\n')
    workspace.golden.import_cases(file, golden="questions")
    [found] = workspace.golden.list("questions").cases
    assert (found.inputs, found.expected) == ({"question": "How long?"}, {"documents": ["a.md"]})
    for text, words in (
        ('{"key": "a"', "not JSON"),
        ('{"key": "a", "imputs": {}}', "imputs"),
        ("[]", "object"),
    ):
        file.write_text(text)
        with pytest.raises(UsageError, match=words):
            workspace.golden.import_cases(file, golden="questions")


def test_texts_for_decontamination(workspace: Workspace) -> None:
    long = "Traces are kept for thirty days after they end."
    workspace.golden.add([case(expected={"answer": long}, group="g"), case("two", "Short?")], golden="texts")
    with workspace.ledger.read() as conn:
        found = [item for item in golden_texts(conn) if item.set == "texts"]
    assert [(item.id, item.text, item.group) for item in found] == [
        ("texts/one", "How long?", "g"),
        ("texts/one", long, "g"),
        ("texts/two", "Short?", None),
    ]


def answered(workspace: Workspace, number: int, *, subject: str | None, ago_days: int = 1) -> str:
    """An answer of production."""
    import time

    end = time.time_ns() - ago_days * DAY_NS
    trace = new_trace_id()
    span = SpanEvent(
        trace_id=trace,
        span_id=new_span_id(),
        name="call support",
        kind="call",
        start_ns=end - 1000,
        end_ns=end,
        subject=subject,
        attributes={"input": [{"role": "user", "content": f"Question {number}?"}], "output": "Yes."},
    )
    workspace.events.append([span]).result()
    return trace


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace of its own."""
    with Workbench(tmp_path).open() as opened:
        yield opened


class Kept:
    """A source of traces: thirty answers of three users."""

    def answered(self, since_ns: int, until_ns: int) -> Sequence[str]:
        """All of them."""
        return [f"{number:032x}" for number in range(30)]

    def load(self, trace_ids: Sequence[str]) -> Sequence[TracedAnswer]:
        """With their users."""
        return [
            TracedAnswer(name, f"Question {int(name, 16)}?", "Yes.", f"subject_{int(name, 16) % 3}", ())
            for name in trace_ids
        ]


def test_who_refused_is_not_drawn(fresh: Workspace) -> None:
    fresh.ledger.write(lambda tx: consents.decide(tx, "subject_1", {"eval": False}, actor="test"))
    golden = GoldenOperations(parts=replace(fresh.golden.parts, traces=Kept()))
    drawn = golden.refresh(n=20, seed=1)
    assert (len(drawn.added), drawn.traces, drawn.refused) == (20, 30, 10)
    cases = golden.list().cases
    assert {item.provenance["subject"] for item in cases} == {"subject_0", "subject_2"}
    assert {item.provenance["sampled"] for item in cases} == {1.0}


def test_the_months_sample(fresh: Workspace) -> None:
    with pytest.raises(UsageError, match="No answers"):
        fresh.golden.refresh()
    traces = {answered(fresh, number, subject=None) for number in range(10)}
    answered(fresh, 99, subject=None, ago_days=40)
    drawn = fresh.golden.refresh(n=5, seed=1)
    assert (len(drawn.added), drawn.traces) == (5, 10)
    cases = fresh.golden.list().cases
    assert {item.provenance["trace"] for item in cases} <= traces
    assert {(item.state, item.part) for item in cases} == {("draft", "random")}
    assert fresh.golden.refresh(n=5).added == (), "once a month"


def test_the_oldest_month_goes(fresh: Workspace) -> None:
    from headrace.curate.golden.cases import add

    for month in ("2020-01", "2020-02", "2020-03"):
        add(
            fresh.golden.parts,
            [case(f"{month}/a", part="random")],
            set_name="main",
            accept=True,
            period=month,
        )
    answered(fresh, 1, subject=None)
    drawn = fresh.golden.refresh(keep=3)
    assert drawn.retired == ("2020-01/a",)
    assert fresh.golden.show("2020-01/a").events[-1].reason == "older than the last 3 samples"
    assert fresh.golden.refresh(keep=2).retired == ("2020-02/a",)
