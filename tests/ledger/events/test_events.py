"""Every store of spans: durable before the answer, redacted before the first byte, found again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.errors import DiskFull, SchemaTooNew, StorageError
from headrace.ledger.events.base import EventStore
from headrace.ledger.events.encoding import DAY_NS
from headrace.ledger.events.finding import Place, SpanQuery
from headrace.ledger.events.opening import open_events
from headrace.records.call import SpanEvent, SpanRef, new_span_id, new_trace_id

NOON = 20_000 * DAY_NS + DAY_NS // 2
"""2024-10-04 12:00 UTC."""

_APPEND_UNTIL_KILLED = """\
import sys
from headrace.ledger.events.opening import open_events
from headrace.records.call import SpanEvent, new_span_id, new_trace_id
store = open_events(sys.argv[1])
while True:
    trace = new_trace_id()
    span = SpanEvent(trace_id=trace, span_id=new_span_id(), name="n", kind="ask", start_ns=1, end_ns=2)
    store.append([span]).result()
    print(trace, flush=True)
"""


def span(**changes: object) -> SpanEvent:
    """A finished span with something in every field."""
    base = SpanEvent(
        trace_id=new_trace_id(),
        span_id=new_span_id(),
        parent_span_id=new_span_id(),
        name="ask handbook",
        kind="ask",
        start_ns=NOON - 1_000_000,
        end_ns=NOON,
        status="error",
        error="no answer",
        release="rel_1",
        generation="gen_1",
        model="extractive",
        prompt="prompt_1",
        session="s-1",
        subject="sub_1",
        service="web",
        input_tokens=120,
        output_tokens=0,
        cost_micro=31,
        currency="EUR",
        attributes={
            "input": "Wie lange?",
            "scores": [0.5, 1],
            "tokens": {"input": 3},
            "none": None,
            "yes": True,
        },
        refs=(SpanRef(role="retrieved", ref="chunk_1"), SpanRef(role="cited", ref="handbook/a.md")),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name


def test_spans_come_back_whole_and_in_order(events: EventStore) -> None:
    root = span(parent_span_id=None, start_ns=NOON - 9)
    child = span(trace_id=root.trace_id, start_ns=NOON - 8, refs=(), attributes={})
    events.append([child, root, span()]).result()
    assert events.trace(root.trace_id) == [root, child]
    assert events.trace(new_trace_id()) == []


def test_a_trace_across_days_is_found_whole(events: EventStore) -> None:
    root = span(start_ns=NOON - DAY_NS, end_ns=NOON + 2 * DAY_NS)
    early = span(trace_id=root.trace_id, start_ns=NOON - DAY_NS, end_ns=NOON - DAY_NS + 5)
    events.append([early]).result()
    events.append([span(end_ns=NOON + DAY_NS), span(end_ns=NOON - 3 * DAY_NS), root]).result()
    assert {item.span_id for item in events.trace(root.trace_id)} == {root.span_id, early.span_id}


def test_a_span_sent_twice_is_there_once(events: EventStore) -> None:
    one = span()
    for _ in range(2):
        events.append([one]).result()
    events.append([one, one]).result()
    assert events.trace(one.trace_id) == [one]
    assert len(events.by_ref("chunk_1")) == 1
    assert events.count(0) == 1


def test_the_way_back_from_a_chunk_or_document(events: EventStore) -> None:
    spans = [span(end_ns=NOON + day * DAY_NS + 1) for day in range(3)]
    events.append(spans).result()
    found = events.by_ref("handbook/a.md")
    assert [(link.trace_id, link.role, link.kind, link.end_ns) for link in found] == [
        (item.trace_id, "cited", "ask", item.end_ns) for item in reversed(spans)
    ]
    assert events.by_ref("handbook/a.md", limit=2) == found[:2]
    assert events.by_ref("handbook/a.md", role="retrieved") == []
    assert len(events.by_ref("chunk_1", role="retrieved")) == 3
    assert events.by_ref("chunk_2") == []


def test_recent_and_count(events: EventStore) -> None:
    spans = [span(end_ns=NOON + n * DAY_NS // 2, kind="search" if n % 2 else "ask") for n in range(6)]
    events.append(spans).result()
    assert events.recent(limit=4) == spans[:1:-1]
    assert [item.kind for item in events.recent(kind="search")] == ["search"] * 3
    assert events.count(NOON + DAY_NS) == 4
    assert events.count(0) == 6
    assert events.count(NOON + 900 * DAY_NS) == 0
    assert events.append([]).result() is None


def test_what_was_acknowledged_survives_sigkill(events_url: str) -> None:
    command = [sys.executable, "-c", _APPEND_UNTIL_KILLED, events_url]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    acknowledged = [child.stdout.readline().strip() for _ in range(25)]
    child.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in child.stdout if line.endswith("\n")]
    child.wait()
    child.stdout.close()
    store = open_events(events_url)
    assert [trace for trace in acknowledged if not store.trace(trace)] == []
    store.close()


def test_two_stores_write_at_once(events_url: str) -> None:
    stores = [open_events(events_url) for _ in range(2)]
    futures: list[Future[None]] = [store.append([span()]) for _ in range(100) for store in stores]
    for future in futures:
        future.result()
    assert stores[0].count(0) == stores[1].count(0) == 200
    for store in stores:
        store.close()


def test_spans_are_counted_by_their_prompt_since_a_time(events: EventStore) -> None:
    prompts = ["prompt_a", "prompt_a", "prompt_b", None]
    rows = [span(prompt=prompt, kind="call") for prompt in prompts]
    old = span(prompt="prompt_a", kind="call", start_ns=NOON - 3 * DAY_NS - 1, end_ns=NOON - 3 * DAY_NS)
    other = span(prompt="prompt_a", kind="search")
    events.append([*rows, old, other]).result()
    assert events.by_prompt(["call", "chat"], since_ns=NOON - DAY_NS) == {
        "prompt_a": 2,
        "prompt_b": 1,
        None: 1,
    }
    assert events.by_prompt(["call", "search"], since_ns=0)["prompt_a"] == 4
    assert events.by_prompt(["ask"], since_ns=0) == {}


def test_traces_that_answered_in_a_time_each_with_its_last_end(events: EventStore) -> None:
    early, late = span(end_ns=NOON - DAY_NS), span(kind="call")
    again = replace(early, span_id=new_span_id(), end_ns=NOON - 5)
    events.append([early, again, late, span(kind="search"), span(end_ns=NOON - 3 * DAY_NS)]).result()
    both = [(early.trace_id, NOON - 5), (late.trace_id, NOON)]
    assert events.answered(["ask", "call"], since_ns=NOON - 2 * DAY_NS) == sorted(both)
    assert events.answered(["ask", "call"], since_ns=NOON) == both[1:]
    assert events.answered(["ask", "call"], since_ns=NOON - 2 * DAY_NS, until_ns=NOON) == both[:1]
    assert len(events.answered(["ask"], since_ns=-1)) == 2


def test_how_often_things_were_met_is_counted_across_days_since_a_time(events: EventStore) -> None:
    events.append([span(), span(), span(end_ns=NOON - DAY_NS), span(end_ns=NOON - 5 * DAY_NS)]).result()
    names = ["chunk_1", "handbook/a.md", "never"]
    assert events.met(names, since_ns=NOON - 2 * DAY_NS) == {"chunk_1": (3, 0), "handbook/a.md": (0, 3)}
    assert events.met(names, since_ns=NOON) == {"chunk_1": (2, 0), "handbook/a.md": (0, 2)}
    assert events.met([*names, *map(str, range(2000))], since_ns=0)["chunk_1"] == (4, 0)
    assert events.met([], since_ns=0) == {}


def test_many_spans_at_once_are_each_there_once(events: EventStore) -> None:
    made = [span(end_ns=NOON + number) for number in range(601)]
    events.append(made[:7]).result()
    events.append([*made, made[300]]).result()
    events.append(made, merge=lambda kept, _: kept).result()
    assert {item.span_id for item in events.all()} == {item.span_id for item in made}
    assert events.count(0) == 601
    assert events.met(["chunk_1"], since_ns=0) == {"chunk_1": (601, 0)}


def test_spans_of_a_model_a_session_or_a_user_are_found_page_by_page(events: EventStore) -> None:
    made = [
        span(
            end_ns=NOON + number // 2,
            model=("m-1", "m-2", None)[number % 3],
            session=("s-1", None)[number % 2],
            subject=("u-1", "u-2")[number % 2],
        )
        for number in range(24)
    ]
    events.append(made).result()
    for query, wanted in (
        (SpanQuery(models=["m-1"]), lambda item: item.model == "m-1"),
        (SpanQuery(models=["m-1", "m-2"]), lambda item: item.model),
        (SpanQuery(models=["m-2"], session="s-1"), lambda item: (item.model, item.session) == ("m-2", "s-1")),
        (
            SpanQuery(models=["m-1"], subjects=["u-2", "u-3"]),
            lambda i: (i.model, i.subject) == ("m-1", "u-2"),
        ),
        (SpanQuery(subjects=[]), lambda _: False),
    ):
        found: list[SpanEvent] = []
        while part := events.find(query, place=_end(found), limit=3):
            found += part
        ordered = sorted(filter(wanted, made), key=lambda item: (-item.end_ns, item.trace_id, item.span_id))
        assert [item.span_id for item in found] == [item.span_id for item in ordered]


def _end(found: Sequence[SpanEvent]) -> Place | None:
    return Place(found[-1].end_ns, found[-1].trace_id) if found else None


def test_redaction_comes_before_the_first_byte(events_url: str, tmp_path: Path) -> None:
    def redact(spans: Sequence[SpanEvent]) -> Sequence[SpanEvent]:
        return [replace(item, attributes={"input": "[redacted]"}) for item in spans]

    store = open_events(events_url, redactor=redact)
    one = span(attributes={"input": "CANARY-4711"})
    store.append([one]).result()
    assert store.trace(one.trace_id)[0].attributes == {"input": "[redacted]"}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if b"CANARY-4711" in path.read_bytes()] == []
    store.close()


def test_when_redaction_fails_nothing_is_written(events_url: str) -> None:
    def fail(spans: Sequence[SpanEvent]) -> Sequence[SpanEvent]:
        raise ValueError("CANARY-4711")

    store = open_events(events_url, redactor=fail)
    with pytest.raises(StorageError, match="redaction failed") as caught:
        store.append([span()]).result()
    assert "CANARY" not in json.dumps(caught.value.to_wire())
    assert store.count(0) == 0
    store.close()


def test_odd_text_and_values_are_kept_or_refused(events: EventStore) -> None:
    odd = span(
        name="nul \x00 \ud800",
        error="\x00",
        attributes={"nul": "a\x00b", "lone": "\ud800", "bytes": b"\x01", "tuple": (1, 2), "emoji": "😀"},
    )
    events.append([odd]).result()
    (found,) = events.trace(odd.trace_id)
    assert (found.name, found.error) == ("nul \ufffd \ufffd", "\ufffd")
    assert found.attributes == {
        "nul": "a\x00b",
        "lone": "\ud800",
        "bytes": "01",
        "tuple": [1, 2],
        "emoji": "😀",
    }
    for wrong in (span(attributes={"x": object()}), span(end_ns=10**30)):
        with pytest.raises(StorageError, match="cannot be stored"):
            events.append([wrong]).result()


def test_a_disk_that_is_full_fails_the_future_and_the_next_one_goes_through(
    events: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_FAILPOINTS", "events.before_commit=enospc")
    one = span()
    with pytest.raises(DiskFull):
        events.append([one]).result()
    monkeypatch.delenv("HEADRACE_FAILPOINTS")
    assert events.trace(one.trace_id) == []
    events.append([one]).result()
    assert events.trace(one.trace_id) == [one]


def test_closing_finishes_what_is_queued(events_url: str) -> None:
    store = open_events(events_url)
    futures = [store.append([span()]) for _ in range(50)]
    store.close()
    store.close()
    assert [future.result() for future in futures] == [None] * 50
    with pytest.raises(StorageError, match="closed"):
        store.append([span()])
    with pytest.raises(StorageError, match="closed"):
        store.recent()
    again = open_events(events_url)
    assert again.count(0) == 50
    again.close()


def test_one_file_for_each_day(tmp_path: Path) -> None:
    store = open_events(f"sqlite:///{tmp_path}")
    store.append(
        [span(end_ns=NOON), span(end_ns=NOON + DAY_NS // 2), span(end_ns=NOON + DAY_NS // 2 - 1)]
    ).result()
    store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2024-10-04.sqlite", "2024-10-05.sqlite"]


def test_a_day_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "2024-10-04.sqlite") as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    store = open_events(f"sqlite:///{tmp_path}")
    with pytest.raises(SchemaTooNew):
        store.append([span()]).result()
    store.close()


@pytest.mark.postgres
def test_a_server_with_a_newer_version_is_refused(postgres_url: str) -> None:
    from headrace.ledger.storage.engine import make_engine, parse_url

    open_events(postgres_url).close()
    engine = make_engine(parse_url(postgres_url))
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO event_schema VALUES (99)")
    with pytest.raises(SchemaTooNew):
        open_events(postgres_url)
