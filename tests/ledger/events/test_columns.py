"""A store of spans of the version before gets the columns it lacks, all at once; late content is merged."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headrace.ledger.events.base import EventStore
from headrace.ledger.events.encoding import DAY_NS
from headrace.ledger.events.opening import open_events
from headrace.records.call import SpanEvent, SpanRef, new_span_id, new_trace_id
from tests.processes import run_python

NOON = 20_000 * DAY_NS + DAY_NS // 2
TRACE, SPAN = "a" * 32, "b" * 16
ATTRIBUTES = {
    "gen_ai.usage.input_tokens": 120,
    "gen_ai.usage.output_tokens": 7,
    "output": 'say "gen_ai.usage.input_tokens":5, and "cost_micro":1,"currency":"XXX"',
    "session": "s-1",
    "cost_micro": 31,
    "currency": "EUR",
}
_OLD_SPANS = """CREATE TABLE {name} (
    trace_id TEXT NOT NULL, span_id TEXT NOT NULL, parent_span_id TEXT, name TEXT NOT NULL,
    kind TEXT NOT NULL, start_ns {number} NOT NULL, end_ns {number} NOT NULL, status TEXT NOT NULL,
    error TEXT, release TEXT, generation TEXT, model TEXT, prompt TEXT, attributes TEXT NOT NULL,
    refs TEXT NOT NULL{end}"""
_OLD_REFS = """CREATE TABLE {name} (
    ref TEXT NOT NULL, end_ns {number} NOT NULL, trace_id TEXT NOT NULL, span_id TEXT NOT NULL,
    role TEXT NOT NULL, kind TEXT NOT NULL,
    PRIMARY KEY (ref, end_ns, trace_id, span_id, role)){end}"""
_READ = """\
import sys
from headrace.ledger.events.opening import open_events
store = open_events(sys.argv[1])
print(len(store.recent()))
"""


def old_row(span_id: str, attributes: str) -> tuple[Any, ...]:
    """A span as the version before wrote it."""
    facts = (None, "call terms", "call", NOON - 9, NOON, "ok", None, "rel_1", None, "m-1", "prompt_1")
    return (TRACE, span_id, *facts, attributes, '[["retrieved","chunk_1"]]')


def old_day(folder: Path) -> None:
    """A day's file of the version before, with two calls in it."""
    folder.mkdir()
    with sqlite3.connect(folder / "2024-10-04.sqlite") as connection:
        connection.execute(_OLD_SPANS.format(name="spans", number="INTEGER", end=")"))
        connection.execute("CREATE UNIQUE INDEX spans_id ON spans (trace_id, span_id)")
        connection.execute("CREATE INDEX spans_end ON spans (end_ns, kind)")
        connection.execute(_OLD_REFS.format(name="span_refs", number="INTEGER", end=" WITHOUT ROWID"))
        connection.execute("PRAGMA user_version=1")
        rows = [old_row(SPAN, json.dumps(ATTRIBUTES)), old_row("c" * 16, '{"x": NaN}')]
        connection.executemany(f"INSERT INTO spans VALUES ({', '.join('?' * 15)})", rows)
    connection.close()


def check_upgraded(store: EventStore) -> None:
    """Both calls are there, and what the attributes said lies in columns."""
    by_id = {span.span_id: span for span in store.trace(TRACE)}
    assert len(by_id) == 2
    found = by_id[SPAN]
    assert (found.input_tokens, found.output_tokens, found.session) == (120, 7, "s-1")
    assert (found.cost_micro, found.currency, found.subject, found.service) == (31, "EUR", None, None)
    assert found.attributes == ATTRIBUTES
    assert found.refs == (SpanRef(role="retrieved", ref="chunk_1"),)
    assert by_id["c" * 16].input_tokens is None
    new = replace(found, span_id=new_span_id(), subject="sub_1", service="web")
    store.append([new]).result()
    assert new in store.trace(TRACE)


def test_a_day_of_the_version_before_is_upgraded_when_it_is_read(tmp_path: Path) -> None:
    old_day(tmp_path / "events")
    url = f"sqlite:///{tmp_path}/events"
    killed = run_python(_READ, url, failpoints="events.before_upgrade")
    assert killed.returncode == -signal.SIGKILL
    with sqlite3.connect(tmp_path / "events" / "2024-10-04.sqlite") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()
    store = open_events(url)
    check_upgraded(store)
    store.close()


def test_a_day_of_the_version_before_is_upgraded_when_it_is_written(tmp_path: Path) -> None:
    old_day(tmp_path / "events")
    store = open_events(f"sqlite:///{tmp_path}/events")
    store.append([_span()]).result()
    check_upgraded(store)
    store.close()


def test_a_day_without_the_index_over_models_gets_it(tmp_path: Path) -> None:
    store = open_events(f"sqlite:///{tmp_path}/events")
    made = [_span() for _ in range(3)]
    store.append(made).result()
    store.close()
    (path,) = (tmp_path / "events").glob("*.sqlite")
    with sqlite3.connect(path) as connection:
        connection.execute("DROP INDEX spans_model")
        connection.execute("PRAGMA user_version=2")
    connection.close()
    store = open_events(f"sqlite:///{tmp_path}/events")
    assert len(store.recent()) == len(made)
    store.close()
    with sqlite3.connect(path) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
        assert "spans_model" in names
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    connection.close()


@pytest.mark.postgres
def test_tables_of_the_version_before_are_upgraded_on_a_server(postgres_url: str) -> None:
    from headrace.ledger.storage.engine import make_engine, parse_url, schema_name

    url = parse_url(postgres_url)
    engine = make_engine(url)
    partitioned = ") PARTITION BY RANGE (end_ns)"
    key = ", PRIMARY KEY (trace_id, span_id, end_ns))"
    with engine.begin() as connection:
        connection.exec_driver_sql(f'CREATE SCHEMA "{schema_name(url)}"')
        end = f"{key}{partitioned[1:]}"
        connection.exec_driver_sql(_OLD_SPANS.format(name="event_spans", number="bigint", end=end))
        connection.exec_driver_sql("CREATE INDEX event_spans_end ON event_spans (end_ns, kind)")
        end = partitioned[1:]
        connection.exec_driver_sql(_OLD_REFS.format(name="event_refs", number="bigint", end=end))
        connection.exec_driver_sql("CREATE TABLE event_schema (version integer PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO event_schema VALUES (1)")
        bounds = f"FROM ({20_000 * DAY_NS}) TO ({20_001 * DAY_NS})"
        for table in ("event_spans", "event_refs"):
            name = f"{table}_20241004"
            connection.exec_driver_sql(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES {bounds}")
        for row in (old_row(SPAN, json.dumps(ATTRIBUTES, separators=(",", ":"))), old_row("c" * 16, "{}")):
            marks = ", ".join(["%s"] * 15)
            connection.exec_driver_sql(f"INSERT INTO event_spans VALUES ({marks})", row)
    engine.dispose()
    store = open_events(postgres_url)
    check_upgraded(store)
    store.close()
    store = open_events(postgres_url)
    assert len(store.trace(TRACE)) == 3
    store.close()


def test_content_that_comes_late_is_merged_into_its_span(events: EventStore) -> None:
    kept = _span(attributes={"input": "Wie lange?"}, refs=[SpanRef(role="retrieved", ref="chunk_1")])
    events.append([kept]).result()
    late = replace(kept, attributes={"output": "24 Monate"}, output_tokens=2, refs=())
    events.append([late], merge=_both).result()
    events.append([late], merge=_both).result()
    (found,) = events.trace(kept.trace_id)
    assert found == replace(kept, attributes={"input": "Wie lange?", "output": "24 Monate"}, output_tokens=2)
    assert len(events.by_ref("chunk_1")) == 1
    events.append([replace(late, attributes={"output": "other"})]).result()
    assert events.trace(kept.trace_id) == [found]


def test_what_many_send_late_to_one_span_is_all_kept(events_url: str) -> None:
    stores = [open_events(events_url) for _ in range(2)]
    one = _span(attributes={})
    futures: list[Future[None]] = [
        store.append([replace(one, attributes={f"{place}-{number}": True})], merge=_both)
        for number in range(20)
        for place, store in enumerate(stores)
    ]
    for future in futures:
        future.result()
    (found,) = stores[0].trace(one.trace_id)
    assert len(found.attributes) == 40
    for store in stores:
        store.close()


def test_late_content_is_redacted_before_it_is_merged(events_url: str, tmp_path: Path) -> None:
    def redact(spans: Sequence[SpanEvent]) -> Sequence[SpanEvent]:
        return [replace(span, attributes=dict.fromkeys(span.attributes, "[redacted]")) for span in spans]

    store = open_events(events_url, redactor=redact)
    one = _span(attributes={"input": "CANARY-1"})
    store.append([one]).result()
    store.append([replace(one, attributes={"output": "CANARY-2"})], merge=_both).result()
    assert store.trace(one.trace_id)[0].attributes == {"input": "[redacted]", "output": "[redacted]"}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if b"CANARY" in path.read_bytes()] == []
    store.close()


def _both(kept: SpanEvent, late: SpanEvent) -> SpanEvent:
    return replace(
        kept, attributes={**kept.attributes, **late.attributes}, output_tokens=late.output_tokens, end_ns=1
    )


def _span(**changes: Any) -> SpanEvent:
    base = SpanEvent(
        trace_id=new_trace_id(),
        span_id=new_span_id(),
        name="chat m-1",
        kind="chat",
        start_ns=NOON - 5,
        end_ns=NOON,
    )
    given: dict[str, Any] = {name: tuple(v) if name == "refs" else v for name, v in changes.items()}
    return replace(base, **given)
