"""From spans and signals to facts, and from facts to drafts."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from headrace.curate.curation.causes import cause_of, leads_of
from headrace.curate.curation.drafting import Draft, draft_of, regenerated_pair
from headrace.curate.curation.evidence import Evidence, values_of
from headrace.curate.curation.facts import TraceFacts, facts_of
from headrace.curate.curation.rules import RuleSpec
from headrace.ledger.signals import SignalRow
from headrace.observe.signals.shown import share_changed
from headrace.records.call import SpanEvent, new_span_id
from tests.curate.traffic import asked, called

ANSWER = "Backups are kept for ninety days in the cellar of the mill. [1]"
PAIR = RuleSpec(name="edit-pair", when=("edited",), to="pair")
ROW = RuleSpec(name="accepted", when=("accepted",), to="row")
CASE = RuleSpec(name="bad", when=("p_bad >= 0.5",), to="case")


def facts(span: SpanEvent, *more: SpanEvent) -> TraceFacts:
    found = facts_of([span, *more])
    assert found is not None
    return found


def signal(kind: str, value: Any, *, about: TraceFacts, subject: str | None = "subject_b") -> SignalRow:
    changed = share_changed(about.shown.answer, value) if kind == "edited_text" else None
    now = time.time_ns() // 1000
    return SignalRow(
        f"signal_{kind}", about.shown.trace_id, None, kind, subject, json.dumps(value), None, "{}", 0, 1,
        changed, now, now, now,
    )  # fmt: skip


def evidence(*rows: SignalRow, p_bad: float = 0.1, verdict: str | None = None) -> Evidence:
    return Evidence(p_bad=p_bad, calibrated=False, signals=rows, verdict=verdict)


def test_the_facts_of_an_answer_from_documents() -> None:
    span = asked("How long?", ANSWER, session="s1", subject="subject_a", seconds=2.5, citations_removed=["x"])
    found = facts(span)
    assert (found.kind, found.corpus, found.subject, found.shown.session) == (
        "ask",
        "docs",
        "subject_a",
        "s1",
    )
    assert found.seconds == pytest.approx(2.5)
    assert (found.removed_citations, found.cited, found.depth) == (1, ("docs/a.md",), 1)
    assert not found.unanswered
    assert facts(asked("How long?", "Nothing.", grounded=False)).unanswered
    assert facts_of([]) is None


def test_the_facts_of_a_call() -> None:
    problem = {"path": "$.days", "message": "must be a number"}
    bad = {"valid": False, "errors": [problem], "finish_reason": "length"}
    found = facts(called("How long?", '{"days": 90, "confidence": 0.3}', attempts=[bad, {"valid": True}]))
    assert found.schema_violation
    assert found.truncated
    assert (found.confidence, found.corpus) == (0.3, None)
    assert found.messages[0] == {"role": "system", "content": "Answer."}
    lost = facts(called("How long?", None, attempts=[bad], dead_letter="letter_x"))
    assert lost.dead_letter
    assert lost.unanswered
    assert values_of(lost, evidence())["failed"] is True


def test_tools_that_failed_are_told() -> None:
    span = called("Book it", "Booked.")
    tool = SpanEvent(
        trace_id=span.trace_id,
        span_id=new_span_id(),
        parent_span_id=span.span_id,
        name="execute_tool book",
        kind="tool",
        start_ns=1,
        end_ns=2,
        status="error",
    )
    assert facts(span, tool).failed_tools == ("book",)


def test_an_edit_is_a_pair_and_a_row_and_so_small_that_it_teaches_nothing() -> None:
    about = facts(asked("How long?", ANSWER, subject="subject_a"))
    longer = signal("edited_text", ANSWER.replace("ninety days", "a hundred and twenty days"), about=about)
    draft = draft_of(PAIR, about, evidence(longer), minimum_edit=0.1)
    assert isinstance(draft, Draft)
    assert draft.body["fields"]["rejected"] == ANSWER
    assert "hundred and twenty" in draft.body["fields"]["chosen"]
    assert (draft.subject, draft.author, draft.origin, draft.depth) == (
        "subject_a",
        "subject_b",
        "edited",
        0,
    )
    row = draft_of(
        RuleSpec(name="edit", when=("edited",), to="row"), about, evidence(longer), minimum_edit=0.1
    )
    assert isinstance(row, Draft)
    assert row.body["fields"]["completion"] == draft.body["fields"]["chosen"]

    for text, why in (
        (ANSWER.replace("kept", "Kept"), "same text"),
        (ANSWER.replace("cellar", "cellars"), "edit too small"),
        ("Ask the warden!", "no edit of this answer"),
    ):
        small = signal("edited_text", text, about=about)
        assert draft_of(PAIR, about, evidence(small), minimum_edit=0.1) == why
    assert draft_of(PAIR, about, evidence(), minimum_edit=0.1) == "no edit of this answer"


def test_unedited_output_carries_its_depth() -> None:
    about = facts(asked("How long?", ANSWER, generation_depth=2))
    draft = draft_of(ROW, about, evidence(signal("thumbs", "up", about=about)), minimum_edit=0.1)
    assert isinstance(draft, Draft)
    assert (draft.origin, draft.depth, draft.author) == ("observed", 3, None)
    plain = draft_of(ROW, facts(asked("How long?", ANSWER)), evidence(), minimum_edit=0.1)
    assert isinstance(plain, Draft)
    assert plain.depth == 1


def test_a_case_has_what_the_user_said_it_should_be() -> None:
    about = facts(asked("How long?", "Nothing.", grounded=False, session="s"))
    plain = draft_of(CASE, about, evidence(p_bad=0.9), minimum_edit=0.1)
    said = signal("correction", "Ninety days.", about=about)
    told = draft_of(CASE, about, evidence(said), minimum_edit=0.1)
    assert isinstance(plain, Draft)
    assert isinstance(told, Draft)
    assert (plain.body["expected"], told.body["expected"]) == (None, "Ninety days.")
    assert plain.text == told.text
    assert plain.family == told.family
    assert plain.body["inputs"] == {"question": "How long?", "corpus": "docs"}
    assert draft_of(CASE, facts(asked("  ")), evidence(), minimum_edit=0.1) == "no question"


def test_a_pair_of_two_answers_needs_the_same_prompt() -> None:
    worse, better = facts(asked("How long?", "A year.")), facts(asked("how long", ANSWER))
    draft = regenerated_pair(PAIR, worse, better)
    assert draft == "another prompt"  # the question was put in other words: another prompt
    better = facts(asked("How long?", ANSWER))
    draft = regenerated_pair(PAIR, worse, better)
    assert isinstance(draft, Draft)
    assert draft.body["fields"]["chosen"] == ANSWER
    assert draft.depth == 1
    assert regenerated_pair(PAIR, better, better) == "same text"


@pytest.mark.parametrize(
    ("traces", "cause"),
    [
        ([{"kind": "ask", "unanswered": True}] * 3, "retrieval gap"),
        ([{"tools": ["book"], "failed": True}] * 2 + [{"failed": True}], "model"),
        ([{"tools": ["book"]}] * 2 + [{}], "missing tool"),
        ([{"schema_violation": True, "failed": True}] * 2, "prompt"),
        ([{"refused": True}, {"refused": True}, {}], "model"),
        ([{"cited": ["docs/a.md"]}, {"cited": ["docs/a.md", "docs/b.md"]}, {}], "document"),
        ([{"cited": ["docs/a.md"], "marked": ["docs/a.md"]}], "document"),
        ([{"cited": ["docs/a.md"]}], "unknown"),
        ([{"unanswered": True}, {"cited": ["docs/a.md"]}, {}], "unknown"),
        ([], "unknown"),
    ],
)
def test_a_cause_is_suggested_by_what_most_traces_show(traces: list[dict[str, Any]], cause: str) -> None:
    leads = leads_of(traces)
    assert cause_of(leads) == cause
    for lead in leads:
        assert f"of {len(traces)}" in lead.evidence
