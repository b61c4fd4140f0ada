"""P11: what calls hold of personal data is redacted before its first byte reaches disk."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from headrace.errors import HeadraceError
from headrace.ledger.events.opening import open_events
from headrace.privacy.engine import Engine
from headrace.privacy.redact import outside_marks
from headrace.privacy.spans import SpanRedactor
from headrace.records.call import SpanEvent, SpanRef, new_span_id, new_trace_id
from headrace.records.wire import to_plain
from tests.privacy.test_engine import TEXTS
from tests.workbench import Workbench

MAIL, CARD, KEY = "eve.adams@example.com", "4111 1111 1111 1111", "AKIAIOSFODNN7EXAMPLE"
QUERY = f"How long are backups kept for {MAIL} with card {CARD}, key {KEY}?"


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    bench = Workbench(tmp_path)
    bench.write("backups.md", f"# Backups\n\nBackups of {MAIL} are kept for ninety days.\n")
    bench.sync()
    return bench


def _stored(bench: Workbench) -> bytes:
    """Every byte of the event store, logs and journals included."""
    files = sorted((bench.root / ".headrace" / "events").iterdir())
    assert files
    return b"".join(file.read_bytes() for file in files)


def test_no_byte_of_a_call_names_anybody(bench: Workbench) -> None:
    with bench.open() as workspace:
        result = workspace.search(QUERY)
        answer = workspace.ask("How long are backups kept?")
        while_open = _stored(bench)
        (span,) = workspace.events.trace(result.trace_id)
    for data in (while_open, _stored(bench)):
        assert result.trace_id.encode() in data
        for value in (MAIL, CARD, KEY):
            assert value.encode() not in data
    assert span.attributes["query"] == (
        "How long are backups kept for [EMAIL_ADDRESS] with card [CREDIT_CARD], key [API_KEY]?"
    )
    assert span.attributes["privacy.redacted"] == {"API_KEY": 1, "CREDIT_CARD": 1, "EMAIL_ADDRESS": 1}
    assert (result.query, MAIL in result.hits[0].text) == (QUERY, True), "the caller gets what it asked"
    assert MAIL in answer.citations[0].quote


def test_what_leads_back_still_does(bench: Workbench) -> None:
    with bench.open() as workspace:
        answer = workspace.ask("How long are backups kept?")
        report = workspace.why(answer.trace_id)
        assert "backups.md" in json.dumps(to_plain(report))
        assert workspace.events.by_ref("docs/docs/backups.md")
        assert workspace.events.by_ref(answer.citations[0].chunk_id, role="cited")


def test_a_failed_call_is_redacted_too(bench: Workbench) -> None:
    with bench.open() as workspace:
        with pytest.raises(HeadraceError):
            workspace.search(f"about {MAIL}", filter=f"owner = = '{MAIL}'")
        (span,) = workspace.events.recent(limit=1)
    assert span.status == "error"
    assert MAIL not in f"{span.error}{dict(span.attributes)}"
    assert MAIL.encode() not in _stored(bench)


def test_what_is_not_protected_is_marked(bench: Workbench) -> None:
    with bench.open() as workspace:
        workspace.search("backups")
        (protected,) = workspace.events.recent(limit=1)
    bench.configure(extra="\n[privacy]\nredact_events = false\n")
    with bench.open() as workspace:
        workspace.search(QUERY)
        (bare,) = workspace.events.recent(limit=1)
    assert protected.attributes["privacy.protected"] is True
    assert "ORGANIZATION" in protected.attributes["privacy.unprotected"]
    assert bare.attributes["privacy.protected"] is False
    assert bare.attributes["query"] == QUERY


ENGINE = Engine()


@given(text=TEXTS, error=TEXTS)
@settings(max_examples=40, deadline=None)
def test_nothing_the_store_holds_has_a_finding(text: str, error: str) -> None:
    span = SpanEvent(
        trace_id=new_trace_id(),
        span_id=new_span_id(),
        name="chat model",
        kind="chat",
        start_ns=1,
        end_ns=2,
        error=error or None,
        attributes={"input": [{"role": "user", "content": text}], "document": "docs/a.md", "n": 3},
        refs=[SpanRef(role="cited", ref="docs/a.md")],
    )
    with tempfile.TemporaryDirectory() as folder:
        events = open_events(f"sqlite:///{folder}", redactor=SpanRedactor(lambda: ENGINE))
        try:
            events.append([span]).result()
            (kept,) = events.trace(span.trace_id)
        finally:
            events.close()
    assert (kept.attributes["document"], kept.attributes["n"], kept.refs) == (
        "docs/a.md",
        3,
        tuple(span.refs),
    )
    for held in (kept.error or "", kept.attributes["input"][0]["content"]):
        assert outside_marks(held, ENGINE.scan(held)) == []
