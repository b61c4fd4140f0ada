"""`curate run` in a real workspace: once, late, allowed, without personal data, and into golden sets."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.curate.curation.consent import allowed_among
from headrace.curate.curation.running import run
from headrace.errors import NotFoundError, UsageError
from headrace.flows.curation.operations import CurationOperations
from headrace.flows.curation.parts import ReportParts
from headrace.ledger import consents, curation, lineage
from headrace.records.call import new_trace_id
from headrace.records.curation import CurationItem
from headrace.records.datasets import RowInput
from headrace.records.golden import CaseInput
from headrace.wiring_curation import coverage_embedder, curation_parts
from headrace.workspace import Workspace
from tests.curate.traffic import DAY, asked, called, send
from tests.workbench import Workbench

MAIL = "eve.adams@example.com"
INVALID = {"valid": False, "errors": [{"message": "odd"}]}
ANSWER = "Backups are kept for ninety days in the cellar of the mill. [1]"
EDIT = "Backups are kept for a hundred and twenty days in the cellar of the mill. [1]"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workbench(tmp_path).open() as opened:
        yield opened


def items(workspace: Workspace, *, kind: str | None = None) -> list[CurationItem]:
    states = ("new", "skipped", "accepted", "edited", "rejected", "merged")
    return list(workspace.curation.list(states=states, limit=1000, kind=kind).items)


def test_failures_become_cases_once(workspace: Workspace) -> None:
    spans = [
        asked("How long are backups kept?", "Nothing.", grounded=False),
        asked("how long are BACKUPS kept", "Nothing.", grounded=False),
        asked("Where do the herons nest?", ANSWER, seconds=40),
        asked("Who owns the mill?", ANSWER, confidence=0.2),
        asked("What is the fee?", ANSWER, citations_removed=["chunk_y"]),
        called(
            "Give facts", None, attempts=[{"valid": False, "errors": [{"message": "odd"}]}], dead_letter="x"
        ),
        asked("All is well here?", ANSWER),
    ]
    send(workspace, *spans)
    first = workspace.curation.run()
    assert first.looked == 7
    assert first.matched == {
        "citations-removed": 1,
        "dead-letter": 1,
        "low-confidence": 1,
        "schema": 1,
        "slow": 1,
        "unanswered": 3,
    }
    drafted = items(workspace)
    assert {item.question for item in drafted} == {
        "How long are backups kept?",
        "Where do the herons nest?",
        "Who owns the mill?",
        "What is the fee?",
        "Give facts",
    }
    assert {item.kind for item in drafted} == {"case"}
    assert next(item for item in drafted if "backups" in str(item.question)).traces == 2
    second = workspace.curation.run()
    assert (second.looked, second.items, second.linked) == (0, 0, 0)
    again = workspace.curation.run(again=True)
    assert (again.looked, again.again, again.items, again.linked) == (7, 7, 0, 0)
    assert items(workspace) == drafted


def test_a_signal_that_comes_late_opens_its_trace_again(workspace: Workspace) -> None:
    old = asked("Where do the herons nest?", ANSWER, ago_ns=40 * DAY)
    new = asked("How long are backups kept?", ANSWER)
    send(workspace, old, new)
    workspace.curation.run()
    assert items(workspace) == []
    workspace.signals.add(new.trace_id, "thumbs", "down")
    workspace.signals.add(old.trace_id, "report", "wrong")
    report = workspace.curation.run()
    assert (report.looked, report.again) == (
        2,
        1,
    )  # the old one is beyond the window, and was never looked at
    assert {item.question for item in items(workspace)} == {
        "Where do the herons nest?",
        "How long are backups kept?",
    }
    # A signal may come before its trace.
    trace = new_trace_id()
    workspace.signals.add(trace, "thumbs", "down")
    workspace.curation.run()
    send(workspace, asked("Who owns the mill?", ANSWER, trace=trace))
    workspace.curation.run()
    assert "Who owns the mill?" in {item.question for item in items(workspace)}


def test_training_needs_consent_and_eval_may_be_refused(workspace: Workspace) -> None:
    willing, unwilling, silent = (
        asked(f"How long are {name} kept?", ANSWER) for name in ("mills", "rods", "nets")
    )
    send(workspace, willing, unwilling, silent)
    for span, user in ((willing, "ann"), (unwilling, "ben"), (silent, "cleo")):
        workspace.signals.add(span.trace_id, "edited_text", EDIT, user=user)
        workspace.signals.add(span.trace_id, "thumbs", "down", user=user)
    decide(workspace, "ann", training=True)
    decide(workspace, "ben", eval=False)
    report = workspace.curation.run()
    rows = [item for item in items(workspace) if item.kind != "case"]
    assert {item.question for item in rows} == {"How long are mills kept?"}
    assert {(item.kind, item.into, item.depth, item.origin) for item in rows} == {
        ("row", "corrections", 0, "edited"),
        ("pair", "edits", 0, "edited"),
    }
    assert report.left_out == {"no consent for training": 4}
    cases = {item.question: item.expected for item in items(workspace, kind="case")}
    assert cases == {
        "How long are mills kept?": EDIT,
        "How long are rods kept?": None,  # the question is somebody else's; the words of ben are not used
        "How long are nets kept?": EDIT,
    }
    decide(workspace, "ann", training=False)
    assert workspace.curation.run().withdrawn == 2
    gone = [item for item in items(workspace) if item.kind != "case"]
    assert {(item.state, item.note, item.question) for item in gone} == {
        ("rejected", "consent was taken back", None)
    }


def decide(workspace: Workspace, user: str, **allowed: bool) -> None:
    subject = curation_parts(workspace).keyring.subject(user)
    workspace.ledger.write(lambda tx: consents.decide(tx, subject, allowed, actor="test"))  # type: ignore[arg-type]  # the purposes by name


def test_who_asked_decides_as_well(workspace: Workspace) -> None:
    with workspace.ledger.read() as conn:
        known = allowed_among(conn, ["subject_a", None], without_user=False)
    assert known.refuses("case", "subject_a", None) is None
    assert known.refuses("case", None, None) is None
    assert known.refuses("row", "subject_a", None) == "no consent for training"
    assert known.refuses("row", None, None) == "no user known"
    assert known._replace(without_user=True).refuses("row", None, None) is None
    decide(workspace, "eve", eval=False, training=True)
    subject = curation_parts(workspace).keyring.subject("eve")
    with workspace.ledger.read() as conn:
        known = allowed_among(conn, [subject], without_user=False)
    assert known.refuses("case", subject, None) == "no consent for eval"
    assert known.refuses("pair", subject, None) is None


def _stored(root: Path) -> bytes:
    """What lies in the ledger and its log."""
    return b"".join(path.read_bytes() for path in (root / ".headrace").glob("ledger.sqlite*"))


def test_personal_data_is_out_even_where_traces_hold_it(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.configure(extra="[privacy]\nredact_events = false\n")
    with bench.open() as workspace:
        span = asked(f"Is {MAIL} on the list?", f"Yes, {MAIL} is.", grounded=False)
        send(workspace, span)
        workspace.signals.add(span.trace_id, "correction", f"No, {MAIL} is not.")
        workspace.curation.run()
        (item,) = items(workspace, kind="case")
        assert item.question == "Is [EMAIL_ADDRESS] on the list?"
        assert item.expected == "No, [EMAIL_ADDRESS] is not."
        assert b"on the list" not in _stored(tmp_path)  # sealed, the redacted words as well
        done = workspace.curation.accept(item.id, expected=f"Ask {MAIL}.", note=f"{MAIL} said so")
        assert done.items[0].expected == "Ask [EMAIL_ADDRESS]."
        assert done.items[0].note == "[EMAIL_ADDRESS] said so"
    stored = _stored(tmp_path)
    assert b"Ask [EMAIL_ADDRESS]." in stored  # of the golden set


@pytest.mark.parametrize("seed", [1])
def test_the_order_of_arrival_does_not_tell(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    words = ["backups", "mills", "herons", "fees", "keys"]
    spans = [
        asked(
            f"How long are the {chance.choice(words)} of the mill kept{'?' * (place % 3)}",
            "" if place % 2 else ANSWER,
            ago_ns=(1 + place) * DAY // 6,
            trace=f"{place:032x}",
        )
        for place in range(30)
    ]
    found = []
    for name, order in (
        ("one", sorted(spans, key=lambda span: span.end_ns)),
        ("two", chance.sample(spans, 30)),
    ):
        bench = Workbench(tmp_path / name)
        keys = tmp_path / "one" / ".headrace" / "keys"
        if name == "two":  # the same keys give the same names
            (tmp_path / "two" / ".headrace").mkdir()
            (tmp_path / "two" / ".headrace" / "keys").mkdir()
            for key in keys.iterdir():
                (tmp_path / "two" / ".headrace" / "keys" / key.name).write_bytes(key.read_bytes())
        with bench.open() as workspace:
            for part in (order[:10], order[10:]):
                send(workspace, *part)
            workspace.curation.run()
            with workspace.ledger.read() as conn:
                rows = curation.find(conn)
                links = curation.links_of(conn, {row.id for row in rows})
            found.append(
                (
                    sorted((row.id, row.reason, row.part, row.family) for row in rows),
                    sorted((link.item, link.trace_id, link.rule, link.probability) for link in links),
                )
            )
    assert found[0] == found[1]
    assert found[0][0]


def test_each_period_that_is_over_gives_a_sample_once(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.configure(extra='[curate]\nsample = 4\nperiod = "1d"\nwindow = "4d"\n')
    with bench.open() as workspace:
        send(
            workspace,
            *(asked(f"Question {n} about the mill?", ANSWER, ago_ns=n * DAY // 8) for n in range(1, 32)),
        )
        report = workspace.curation.run()
        with workspace.ledger.read() as conn:
            draws = curation.draws(conn)
            links = curation.links_of(conn, {row.id for row in curation.find(conn, rule="sample")})
        assert report.sampled == sum(draw.drawn for draw in draws) == len(links)
        assert len({draw.since_us for draw in draws}) in (2, 3)
        frames = {draw.since_us: draw.frame for draw in draws}
        for link in links:
            since = max(start for start in frames if start <= link.occurred_at_us)
            assert link.probability == pytest.approx(4 / frames[since])
        assert {item.rule for item in items(workspace)} == {"sample"}
        assert workspace.curation.run().sampled == 0


def test_an_answer_that_was_asked_for_again_makes_a_pair(
    workspace: Workspace,
) -> None:
    worse, better = asked("How long are rods kept?", "A year."), asked("How long are rods kept?", ANSWER)
    send(workspace, worse, better)
    workspace.signals.add(worse.trace_id, "regenerate", better.trace_id, user="ann")
    decide(workspace, "ann", training=True)
    workspace.curation.run()
    assert items(workspace, kind="pair") == []
    workspace.signals.add(better.trace_id, "thumbs", "up", user="ann")
    workspace.curation.run()
    # Nobody knows who asked: without `anonymous_training` it is left out.
    assert items(workspace, kind="pair") == []
    parts = curation_parts(workspace)
    anonymous = replace(parts, anonymous_training=True)
    assert run(anonymous, again=True).items == 2
    (pair,) = items(workspace, kind="pair")
    assert (pair.observed, pair.expected, pair.depth, pair.origin) == ("A year.", ANSWER, 1, "observed")


class Sinks:
    """Golden sets and datasets that remember what they were given, in a file."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.execute("CREATE TABLE IF NOT EXISTS kept (place TEXT, key TEXT PRIMARY KEY, body TEXT)")

    def add_case(self, golden: str, draft: CaseInput) -> str:
        body = {"expected": draft.expected, "part": draft.part, "tags": list(draft.tags), **draft.provenance}
        return self._put(golden, draft.key, {**body, "inputs": dict(draft.inputs)})

    def add_row(self, dataset: str, row: RowInput) -> str:
        return self._put(dataset, row.key, {"fields": dict(row.fields), "depth": row.depth, **row.provenance})

    def _put(self, place: str, key: str, body: dict[str, object]) -> str:
        self._db.execute("INSERT OR IGNORE INTO kept VALUES (?, ?, ?)", (place, key, json.dumps(body)))
        self._db.commit()
        return f"kept_{key.partition('_')[2]}"

    def all(self) -> dict[str, dict[str, object]]:
        rows = self._db.execute("SELECT place, key, body FROM kept")
        return {key: {"place": place, **json.loads(body)} for place, key, body in rows}


class Cases:
    def __init__(self, sinks: Sinks) -> None:
        self._sinks = sinks

    def add(self, golden: str, cases: Sequence[CaseInput]) -> Sequence[str]:
        return [self._sinks.add_case(golden, case) for case in cases]


class Rows:
    def __init__(self, sinks: Sinks) -> None:
        self._sinks = sinks

    def add(self, dataset: str, rows: Sequence[RowInput]) -> Sequence[str]:
        return [self._sinks.add_row(dataset, row) for row in rows]


def operations(workspace: Workspace, sinks: Sinks | None) -> CurationOperations:
    parts = replace(curation_parts(workspace), cases=None, rows=None)
    if sinks is not None:
        parts = replace(parts, cases=Cases(sinks), rows=Rows(sinks))
    return CurationOperations(
        parts=ReportParts(curation=parts, embedder=lambda: coverage_embedder(workspace), folder=None)
    )


def test_what_is_accepted_goes_into_golden_sets_and_datasets(workspace: Workspace, tmp_path: Path) -> None:
    span = asked("How long are rods kept?", ANSWER, release="r")
    send(workspace, span, asked("Where do herons nest?", "", grounded=False))
    workspace.signals.add(span.trace_id, "edited_text", EDIT, user="ann")
    workspace.signals.add(span.trace_id, "thumbs", "down", user="ann")
    decide(workspace, "ann", training=True)
    workspace.curation.run()
    by_kind = {(item.kind, item.question): item.id for item in items(workspace)}
    case = by_kind["case", "How long are rods kept?"]
    assert not operations(workspace, None).accept(case).items[0].delivered  # nowhere to go yet: it waits
    sinks = Sinks(tmp_path / "kept.sqlite")
    with_sinks = operations(workspace, sinks)
    assert with_sinks.run().delivered == 1
    kept = sinks.all()[case]
    assert (kept["place"], kept["expected"], kept["part"]) == ("production", EDIT, "failures")
    assert kept["traces"] == [span.trace_id]
    assert len(kept["signals"]) == 2  # type: ignore[arg-type]
    row = by_kind["row", "How long are rods kept?"]
    done = with_sinks.accept(row)
    assert done.items[0].delivered
    assert sinks.all()[row]["depth"] == 0
    herons = by_kind["case", "Where do herons nest?"]
    assert with_sinks.accept(herons, expected="By the river.").state == "edited"
    assert sinks.all()[herons]["expected"] == "By the river."
    assert with_sinks.run().delivered == 0
    with workspace.ledger.read() as conn:
        (edge,) = [edge for edge in lineage.upstream(conn, case) if edge.activity == "drafted_from"]
        (became,) = lineage.downstream(conn, case)
    assert edge.source == span.trace_id
    assert became.target == f"kept_{case.partition('_')[2]}"
    told = workspace.why(case)
    assert [node.ref for node in told.upstream.children] == [span.trace_id] * len(told.upstream.children)
    assert told.downstream.children[0].ref == became.target
    drafted = [node.ref for node in workspace.why(span.trace_id).downstream.children if node.kind == "draft"]
    assert case in drafted


def test_decisions_are_kept_and_cannot_be_made_twice(workspace: Workspace) -> None:
    questions = ("Where do herons nest?", "Who owns the mill?", "What is the fee?", "When is it open?")
    send(workspace, *(asked(question, "", grounded=False) for question in questions))
    workspace.curation.run()
    one, two, three, four = (item.id for item in items(workspace))
    assert workspace.curation.skip(one).state == "skipped"
    upcoming = workspace.curation.next()
    assert upcoming is not None
    assert upcoming.item.id != one
    assert workspace.curation.reject(two, note="off topic").items[0].note == "off topic"
    assert workspace.curation.merge(three, into=four).items[0].merged_into == four
    assert workspace.curation.assign(four, owner="support").items[0].owner == "support"
    with pytest.raises(UsageError, match="rejected already"):
        workspace.curation.accept(two)
    with pytest.raises(UsageError, match="cannot be merged"):
        workspace.curation.merge(four, into=two)
    with pytest.raises(UsageError, match="cannot be merged"):
        workspace.curation.merge(four, into=four)
    with pytest.raises(NotFoundError):
        workspace.curation.accept(one, "draft_nothing")
    assert {item.id: item.state for item in items(workspace)}[one] == "skipped"  # all of them or none
    with pytest.raises(UsageError, match="not only spaces"):
        workspace.curation.accept(one, expected="  ")
    with pytest.raises(UsageError, match="No state"):
        workspace.curation.list(states=("open",))
    with pytest.raises(UsageError, match="No kind"):
        workspace.curation.list(kind="cases")
    with pytest.raises(NotFoundError):
        workspace.curation.show("draft_nothing")
    with pytest.raises(NotFoundError):
        workspace.why("draft_nothing")
    for item in (one, four):
        workspace.curation.accept(item)
    assert workspace.curation.next() is None
    assert workspace.curation.list().counts == {"accepted": 2, "rejected": 1, "merged": 1}


def test_a_rule_without_review_accepts_at_once(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    rule = (
        '[[curate.rules]]\nname = "quiet"\nwhen = ["uncited"]\nto = "case"\ninto = "gaps"\nreview = false\n'
    )
    bench.configure(extra=rule)
    with bench.open() as workspace:
        send(workspace, asked("Where do herons nest?", "Nothing.", grounded=False))
        workspace.curation.run()
        (item,) = items(workspace)
        assert (item.state, item.actor, item.into) == ("accepted", "rule quiet", "gaps")
        assert item.decided_at is not None


def test_patterns_say_what_recurs_and_how_soon_anybody_looks(workspace: Workspace) -> None:
    herons = [
        asked(f"Where do the herons of the {place} nest?", "Nothing.", grounded=False, ago_ns=60 * 10**9 + n)
        for n, place in enumerate(("river", "mill", "lake", "moor"))
    ]
    facts = [
        called(
            f"Give the facts of page {n}",
            None,
            attempts=[INVALID],
            dead_letter="x",
        )
        for n in range(4)
    ]
    send(workspace, *herons, *facts)
    workspace.curation.run()
    first = items(workspace)[0]
    workspace.curation.assign(first.id, owner="docs team")
    workspace.curation.reject(first.id)
    report = workspace.curation.report()
    assert (report.items, report.traces) == (8, 8)
    assert {pattern.cause for pattern in report.patterns} == {"retrieval gap", "prompt"}
    nests = next(pattern for pattern in report.patterns if pattern.cause == "retrieval gap")
    assert "herons" in nests.label
    assert nests.traces == 4
    assert len(nests.examples) == len(nests.questions) == 3
    triaged = next(stage for stage in report.latencies if stage.stage == "noticed → triaged")
    assert (triaged.done, triaged.open, triaged.median_seconds) == (1, 7, None)
    assert "docs team" in {pattern.owner for pattern in report.patterns}
