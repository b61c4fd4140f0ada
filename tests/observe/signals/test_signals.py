"""Signals in a real workspace: kept once, joined late, redacted, weighed, forgotten."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from headrace.errors import NotFoundError, UsageError
from headrace.observe.signals.kinds import KINDS, checked
from headrace.records.call import SpanEvent, new_span_id, new_trace_id
from headrace.records.search import Answer
from headrace.workspace import Workspace
from tests import sightings
from tests.workbench import Workbench

QUESTION = "How long are backups kept?"
MAIL = "eve.adams@example.com"
SECOND = 1_000_000_000


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    bench = Workbench(tmp_path)
    bench.configure(extra='[erasure]\nreader_wait = "0s"\n')
    bench.write("backups.md", "# Backups\n\nBackups are kept for ninety days in the cellar of Zanzibar.\n")
    bench.write("mill.md", "# The mill\n\nThe mill stands by the river and herons nest there.\n")
    bench.sync()
    return bench


def answered(workspace: Workspace) -> Answer:
    answer = workspace.ask(QUESTION)
    assert answer.citations
    return answer


def span(trace: str, *, question: str, session: str | None, at_ns: int, refused: bool = False) -> SpanEvent:
    return SpanEvent(
        trace_id=trace,
        span_id=new_span_id(),
        name="ask docs",
        kind="ask",
        start_ns=at_ns,
        end_ns=at_ns + SECOND,
        attributes={
            "question": question,
            "answer": "Nothing." if refused else "Ninety days. [1]",
            "citations": [] if refused else [{"chunk_id": "chunk_x", "document": "docs/backups.md"}],
            **({"session": session} if session else {}),
        },
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_that_does_not_fit_says_what_does(kind: str) -> None:
    for value in ({"not": "this"}, "", -1, True, "x" * 20_001):
        with pytest.raises(UsageError, match="Allowed"):
            checked(kind, value)


def test_the_same_signal_is_kept_once(bench: Workbench) -> None:
    with bench.open() as workspace:
        trace = answered(workspace).trace_id
        at_us = 1_700_000_000_000_000
        first = workspace.signals.add(trace, "rating", "2", user="eve", at_us=at_us)
        again = workspace.signals.add(trace, "rating", 2, user="eve", at_us=at_us + 1_000_000)
        other = workspace.signals.add(trace, "rating", 2, user="adam", at_us=at_us)
        mine = [workspace.signals.add(trace, "copy", n, id="client-1").new for n in (1, 2)]
        assert (first.new, again.new, other.new, mine) == (True, False, True, [True, False])
        assert again.signal == first.signal
        assert (first.signal.value, first.signal.joined, first.signal.exposed) == (2, True, True)
        listed = workspace.signals.list(trace=trace)
        assert {item.kind for item in listed.signals} == {"rating", "copy"}
        assert len(listed.signals) == 3
        (only,) = workspace.signals.list(user="adam").signals
        assert only.id == other.signal.id


def test_ids_are_ids(bench: Workbench) -> None:
    with bench.open() as workspace:
        for trace, span_id in ((MAIL, None), (new_trace_id(), MAIL)):
            with pytest.raises(UsageError, match="is no (trace|span) id"):
                workspace.signals.add(trace, "copy", span=span_id)
        with pytest.raises(UsageError, match="Name a trace or a user"):
            workspace.signals.erase()


def test_a_signal_may_come_before_its_trace(bench: Workbench) -> None:
    trace = new_trace_id()
    with bench.open() as workspace:
        early = workspace.signals.add(trace, "citation_click", 1).signal
        wrong = workspace.signals.add(trace, "citation_click", 2).signal
        edit = workspace.signals.add(trace, "edited_text", "Ninety days. [1]").signal
        assert (early.joined, early.exposed, workspace.signals.list().pending) == (False, None, 3)
        spans = [span(trace, question=QUESTION, session=None, at_ns=time.time_ns())]
        workspace.events.append(spans).result()
        kept = {item.id: item for item in workspace.signals.list().signals}
        assert [kept[item.id].exposed for item in (early, wrong, edit)] == [True, False, True]
        assert kept[edit.id].changed == 0.0
        votes = workspace.signals.bad(trace).votes
        assert votes == {"citation_click": True, "edited_text": False}
        with pytest.raises(UsageError, match="showed no citation 2"):
            workspace.signals.add(trace, "citation_click", "2", id="again")


def test_no_byte_of_a_signal_names_anybody(bench: Workbench) -> None:
    with bench.open() as workspace:
        trace = answered(workspace).trace_id
        added = workspace.signals.add(
            trace, "correction", f"Ask {MAIL} instead.", user=MAIL, comment=f"I am {MAIL}."
        )
        assert added.signal.value == "Ask [EMAIL_ADDRESS] instead."
        assert (added.signal.comment, added.signal.redacted) == (
            "I am [EMAIL_ADDRESS].",
            {"EMAIL_ADDRESS": 2},
        )
        assert sightings.seen(bench.root / ".headrace", MAIL) == set()
        assert sightings.seen(bench.root / ".headrace", "Ask [EMAIL_ADDRESS] instead.") == {"ledger"}
        assert workspace.signals.erase(user=MAIL).signals == 1
    assert sightings.seen(bench.root / ".headrace", "EMAIL_ADDRESS] instead") == set()


def test_forgetting_a_document_takes_what_users_wrote_of_its_answers(bench: Workbench) -> None:
    with bench.open() as workspace:
        trace = answered(workspace).trace_id
        other = new_trace_id()
        workspace.events.append([span(other, question="x", session=None, at_ns=time.time_ns())]).result()
        workspace.signals.add(trace, "correction", "It is a hundred days, in the attic.", comment="attic")
        workspace.signals.add(trace, "thumbs", "down")
        said = workspace.why(trace, access=()).downstream.children
        assert {node.label for node in said} == {"correction", "thumbs down"}, "without what users wrote"
        workspace.signals.add(other, "report", "The mill is fine.", comment="see docs/backups.md there")
        assert sightings.seen(bench.root / ".headrace", "attic") == {"ledger"}
        report = workspace.forget("docs/backups.md")
        assert report.certificate is not None
        assert report.unproven == ()
        assert {item.store: item.items for item in report.erased}["signals"] == 2
        kept = {item.kind: item for item in workspace.signals.list().signals}
        assert (kept["thumbs"].value, kept["report"].value) == ("down", "The mill is fine.")
        assert (kept["correction"].value, kept["correction"].comment) == ("[erased]", "[erased]")
        assert workspace.signals.p_bad([trace])[trace].p > 0.5
    for text in ("attic", "Zanzibar", "backups.md"):
        assert sightings.seen(bench.root / ".headrace", text) == set()


def test_forgetting_a_subject_takes_the_signals_of_that_user(bench: Workbench) -> None:
    with bench.open() as workspace:
        trace = answered(workspace).trace_id
        key = workspace.signals.add(trace, "report", "in the attic", user="person-17").signal.subject
        workspace.signals.add(trace, "thumbs", "up", user="person-18")
        assert key is not None
        assert sightings.seen(bench.root / ".headrace", key) == {"ledger"}
        assert workspace.forget("subject:person-17", dry_run=True).documents == ()
        report = workspace.forget("subject:person-17")
        assert report.certificate is not None
        assert (report.scan.hits, report.unproven) == (0, ())
        assert {item.store: item.items for item in report.erased} == {"signals": 1}
        assert [item.kind for item in workspace.signals.list().signals] == ["thumbs"]
        with pytest.raises(NotFoundError):
            workspace.forget("subject:person-17")
        assert workspace.search("backups cellar").hits
    assert sightings.seen(bench.root / ".headrace", "attic") == set()
    kept_out = sightings.seen(bench.root / ".headrace", key)
    assert kept_out <= {"ledger", "certificates", "erasures.jsonl"}, "the keyed hash of whom to keep out"


def test_rules_over_sessions_are_applied_once(bench: Workbench) -> None:
    start = time.time_ns() - 7200 * SECOND
    names = [new_trace_id() for _ in range(5)]
    questions = [
        (names[0], QUESTION, "s1", 0, False),
        (names[1], "For how many days are backups kept?", "s1", 60, False),
        (names[2], "Where is the mill?", "s2", 0, True),
        (names[3], "Where is the mill?", "s3", 0, True),
        (names[4], "Alone", None, 0, True),
    ]
    with bench.open() as workspace:
        spans = [
            span(name, question=text, session=session, at_ns=start + at * SECOND, refused=refused)
            for name, text, session, at, refused in questions
        ]
        workspace.events.append(spans).result()
        workspace.signals.add(names[3], "copy")
        report = workspace.signals.infer()
        assert (report.traces, report.sessions, report.without_session) == (5, 3, 1)
        assert (report.found, report.new) == ({"abandonment": 1, "rephrase": 1}, 2)
        assert workspace.signals.infer().new == 0
        found = {item.trace_id: item for item in workspace.signals.list().signals if item.inferred}
        assert {name: item.kind for name, item in found.items()} == {
            names[0]: "rephrase",
            names[2]: "abandonment",
        }
        assert found[names[0]].value == names[1]
        p = workspace.signals.p_bad(names)
        assert p[names[0]].p > p[names[1]].p
        assert workspace.signals.bad(names[4]).votes == {"copy": False}, "no session, so no rule could see"


def test_audits_are_drawn_from_silent_traces_too_and_settle_what_they_judge(bench: Workbench) -> None:
    start = time.time_ns() - 3600 * SECOND
    names = sorted(new_trace_id() for _ in range(120))
    bad = set(names[:40])
    with bench.open() as workspace:
        workspace.events.append(
            [
                span(name, question=QUESTION, session=None, at_ns=start + n * SECOND)
                for n, name in enumerate(names)
            ]
        ).result()
        for name in names[:30]:
            workspace.signals.add(name, "escalation")
        assert not workspace.signals.model().calibrated
        sample = workspace.signals.sample(80, seed=5)
        assert (sample.frame, len(sample.drawn), sample.probability) == (120, 80, round(80 / 120, 6))
        assert {item.trace_id for item in sample.drawn} - set(names[:30]), "silent ones"
        assert sample.drawn[0].question == QUESTION
        for item in sample.drawn:
            workspace.signals.judge(item.trace_id, "bad" if item.trace_id in bad else "good")
        model = workspace.signals.model()
        (escalation,) = model.votes
        assert (model.calibrated, model.audits, model.needed) == (True, 80, 0)
        assert model.prior == pytest.approx(1 / 3, abs=0.1)
        assert escalation.says == "bad"
        assert escalation.when_bad == pytest.approx(0.75, abs=0.2)
        assert escalation.when_good < 0.05
        p = workspace.signals.p_bad(names)
        assert all(value.calibrated for value in p.values())
        judged = {item.trace_id for item in sample.drawn}
        assert {p[name].p for name in judged} == {0.0, 1.0}
        assert all(p[name].p > 0.8 for name in set(names[:30]) - judged)
        again = workspace.signals.sample(30)
        combined = {item.probability for item in again.drawn}
        assert combined == {round(1 - (1 - 80 / 120) * (1 - 30 / 120), 6)}
        unasked = next(iter(set(names) - judged - {item.trace_id for item in again.drawn}))
        assert workspace.signals.judge(unasked, "bad").probability is None
        assert workspace.signals.model().audits == 80
        assert workspace.signals.bad(unasked).audited == "bad"


def test_unhappy_users_show_in_the_rot_report(bench: Workbench) -> None:
    with bench.open() as workspace:
        for n in range(6):
            workspace.signals.add(answered(workspace).trace_id, "thumbs", "down", user=f"u{n}")
        (worst, *_) = workspace.quality.rot().documents
        assert (worst.document, worst.exposures, worst.outcomes["signal"]) == ("docs/backups.md", 6, 6)


def test_it_is_the_same_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    bench = Workbench(tmp_path)
    bench.configure(ledger=postgres_url, extra='[erasure]\nreader_wait = "0s"\n')
    bench.write("backups.md", "# Backups\n\nBackups are kept for ninety days in the cellar of Zanzibar.\n")
    bench.sync()
    with bench.open() as workspace:
        trace = answered(workspace).trace_id
        added = [
            workspace.signals.add(trace, "report", "in the attic", user="eve", id="1").new for _ in range(2)
        ]
        waiting = workspace.signals.add(new_trace_id(), "rating", 2, comment="attic", user="adam")
        assert (added, waiting.signal.joined) == ([True, False], False)
        workspace.signals.sample(5)
        assert workspace.signals.judge(trace, "bad").probability == 1.0
        assert workspace.signals.audits().waiting == 0
        assert workspace.signals.model().audits_bad == 1
        assert workspace.signals.list(user="adam").pending == 1
        assert workspace.forget("docs/backups.md").certificate is not None
        assert workspace.signals.list(trace=trace).signals[0].value == "[erased]"
        assert workspace.signals.erase(user="adam").signals == 1
        assert workspace.signals.erase(trace=trace).audits == 1
    assert sightings.seen(tmp_path / ".headrace", "attic", postgres=postgres_url) == set()
