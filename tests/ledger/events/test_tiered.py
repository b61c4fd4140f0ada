"""Hot and cold spans read as one store: each span once, whatever is being moved."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.ledger.erasure.keyring import Keyring
from headrace.ledger.erasure.scope import TOMBSTONE, Scope, Target
from headrace.ledger.events.cold.moving import move_day, sweep
from headrace.ledger.events.cold.sieve import make_sieve, may_hold
from headrace.ledger.events.encoding import day_of
from headrace.ledger.events.erasing import Redaction
from headrace.ledger.events.finding import Place, SpanQuery
from headrace.ledger.events.tiered import TieredEvents
from headrace.ledger.failpoints import NAMES
from headrace.ledger.ledger import Ledger
from headrace.records.call import SpanEvent, SpanRef, new_span_id, new_trace_id
from tests import sightings
from tests.ledger.events.cold import tiered
from tests.processes import run_python

DAY = 20_000
DAY_NS = 86_400 * 10**9
NOON = DAY * DAY_NS + DAY_NS // 2
FAILPOINTS = ["traces.file_written", "traces.file_named", "traces.rows_removed"]
_MOVE = """\
import sys
from pathlib import Path
from headrace.ledger.events.cold.moving import move_day
from headrace.ledger.ledger import Ledger
from tests.ledger.events.cold import tiered
with Ledger.open(sys.argv[2]) as ledger:
    store = tiered(sys.argv[1], ledger, Path(sys.argv[3]))
    move_day(store.cold, store.hot, 20_000, store.hot.keys([20_000])[20_000])
    store.close()
"""


@pytest.fixture
def store(events_url: str, sqlite_ledger: Ledger, tmp_path: Path) -> Iterator[TieredEvents]:
    """An empty store on each engine."""
    opened = tiered(events_url, sqlite_ledger, tmp_path / "cold")
    yield opened
    opened.close()


def span(number: int, *, day: int = 0, **changes: object) -> SpanEvent:
    """A span of a trace of its own."""
    end = NOON + day * DAY_NS + number
    base = SpanEvent(
        trace_id=new_trace_id(),
        span_id=new_span_id(),
        name="ask handbook",
        kind="ask",
        start_ns=end - 1000 * number,
        end_ns=end,
        model=f"m-{number % 2}",
        prompt="prompt_1",
        subject=f"sub_{number % 2}",
        input_tokens=number,
        attributes={"question": f"Where is heron {number}?", "answer": "In the 'mill' at 50%"},
        refs=(SpanRef(role="cited", ref="docs/herons.md"),),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name


def move(store: TieredEvents, day: int = DAY) -> int:
    """Move a whole day."""
    return move_day(store.cold, store.hot, day, store.hot.keys([day])[day]).spans


def reading(store: TieredEvents, spans: list[SpanEvent]) -> dict[str, object]:
    """Everything that readers ask."""
    newest = [item.span_id for item in store.find(SpanQuery(), limit=100)]
    pages = store.find(SpanQuery(), limit=4)
    rest = store.find(SpanQuery(), place=Place(pages[-1].end_ns, pages[-1].trace_id), limit=100)
    return {
        "traces": [store.trace(item.trace_id) for item in spans],
        "refs": store.by_ref("docs/herons.md", limit=100),
        "none": store.by_ref("docs/none.md"),
        "met": store.met(["docs/herons.md", "x"], since_ns=NOON + 2),
        "recent": store.recent(limit=5),
        "recent of a kind": store.recent(kind="call"),
        "count": store.count(0),
        "count since": store.count(NOON + 3),
        "prompts": store.by_prompt(["ask"], since_ns=0),
        "answered": store.answered(["ask"], since_ns=NOON + 1, until_ns=NOON + DAY_NS),
        "all": sorted(item.span_id for item in store.all()),
        "newest": newest,
        "paged": [item.span_id for item in (*pages, *rest)] == newest,
        "of a user": store.find(SpanQuery(subjects=["sub_1"]), limit=100),
        "text": store.find(SpanQuery(text="HERON 3?"), limit=100),
        "odd text": len(store.find(SpanQuery(text="'MILL' at 50%"), limit=100)),
        "no text": store.find(SpanQuery(text="50_"), limit=100),
        "slow": store.find(SpanQuery(min_ns=3000, kinds=["ask"], models=["m-1"]), limit=100),
        "day": store.find(SpanQuery(since_ns=NOON, until_ns=NOON + 3, status="ok"), limit=100),
    }


def test_readers_see_the_same_before_and_after_a_move_and_half_way(store: TieredEvents) -> None:
    spans = [span(number, day=number // 4) for number in range(8)]
    store.append(spans).result()
    before = reading(store, spans)
    assert before["count"] == 8
    assert before["paged"]
    assert before["odd text"] == 8
    assert len(before["text"]) == 1  # type: ignore[arg-type]
    assert move(store) == 4
    assert reading(store, spans) == before
    assert [file.spans for file in store.cold.named()] == [4]
    store.hot.append(spans[:2]).result()  # as if the move had not come to its end
    assert reading(store, spans) == before
    assert move(store) == 2
    assert move(store, DAY + 1) == 4
    assert store.hot.count(0) == 0
    assert reading(store, spans) == before
    assert sum(file.spans for file in store.cold.named()) == 8


def test_late_spans_of_a_cold_day_are_added_and_late_content_is_merged(store: TieredEvents) -> None:
    spans = [span(number) for number in range(3)]
    store.append(spans).result()
    move(store)
    late = span(9)
    store.append([late]).result()
    assert store.trace(late.trace_id) == [late]
    content = replace(spans[0], attributes={"more": 1})
    merged = replace(spans[0], attributes={**spans[0].attributes, "more": 1})
    store.append(
        [content], merge=lambda kept, new: replace(kept, attributes={**kept.attributes, **new.attributes})
    ).result()
    assert store.trace(spans[0].trace_id) == [merged]
    assert store.count(0) == 4
    assert move(store) == 2
    assert store.trace(spans[0].trace_id) == [merged]
    assert store.trace(late.trace_id) == [late]
    assert store.hot.count(0) == 0
    assert store.count(0) == 4


def test_what_changed_since_it_was_read_stays_hot(store: TieredEvents) -> None:
    one = span(1)
    store.append([one]).result()
    old = store.hot.rows(DAY)
    store.append([one], merge=lambda kept, new: replace(kept, output_tokens=5)).result()
    store.hot.remove(DAY, old)
    assert store.hot.trace(one.trace_id) == [replace(one, output_tokens=5)]


def test_every_failpoint_is_killed_below() -> None:
    assert {name for name in NAMES if name.startswith("traces.file") or "rows_removed" in name} == {
        *FAILPOINTS,
        "traces.file_replaced",
    }


@pytest.mark.parametrize("failpoint", [*FAILPOINTS, "traces.file_replaced"])
def test_a_move_that_is_killed_loses_nothing_and_doubles_nothing(tmp_path: Path, failpoint: str) -> None:
    _kill(f"sqlite:///{tmp_path}/events", f"sqlite:///{tmp_path}/ledger.sqlite", tmp_path / "cold", failpoint)


@pytest.mark.postgres
def test_so_it_is_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    _kill(postgres_url, postgres_url, tmp_path / "cold", "traces.file_named")


def _kill(events: str, ledger_url: str, folder: Path, failpoint: str) -> None:
    with Ledger.open(ledger_url) as ledger:
        store = tiered(events, ledger, folder)
        spans = [span(number) for number in range(6)]
        store.append(spans).result()
        before = reading(store, spans)
        killed = run_python(_MOVE, events, ledger_url, str(folder), failpoints=failpoint)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert reading(store, spans) == before
        if store.hot.keys([DAY]):
            move(store)
        sweep(store.cold)
        assert reading(store, spans) == before
        assert store.hot.count(0) == 0
        named = {file.path for file in store.cold.named()}
        assert set(store.cold.files.paths(".parquet")) == named
        store.close()


def test_forgetting_reaches_files(store: TieredEvents, sqlite_ledger: Ledger, tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys", sqlite_ledger)
    secret, other = (
        span(1, attributes={"question": "CANARY-COLD", "gen_ai.request.model": "m"}, session="anna-1"),
        span(2, attributes={"question": "Herons?"}, subject="sub_0"),
    )
    child = span(
        3, trace_id=secret.trace_id, subject=None, attributes={"x": [{"deep": "CANARY-COLD"}]}, day=1
    )
    store.append([secret, other, child]).result()
    move(store)
    (old,) = store.cold.named()
    assert "cold" in str(tmp_path / "cold")
    assert sightings.seen(tmp_path / "cold", "CANARY-COLD")
    redaction = Redaction(scope=Scope(targets=(), subjects=("sub_1",)), keyring=keyring)
    assert store.touching(redaction) == 2
    assert store.erase(redaction) == 2
    assert store.touching(redaction) == 0
    assert store.erase(redaction) == 0
    found = {item.span_id: item for item in store.trace(secret.trace_id)}
    assert found[secret.span_id].attributes == {"question": TOMBSTONE, "gen_ai.request.model": "m"}
    assert found[secret.span_id].session != "anna-1"
    assert found[child.span_id].attributes == {"x": [{"deep": TOMBSTONE}]}
    assert store.trace(other.trace_id) == [other]
    assert not (tmp_path / "cold" / old.path).exists()
    assert not sightings.seen(tmp_path / "cold", "CANARY-COLD")
    document = Redaction(scope=Scope(targets=(Target("docs", "herons.md"),)), keyring=keyring)
    assert store.touching(document) == 3
    store.erase(document)
    assert store.touching(document) == 0
    assert store.by_ref("docs/herons.md") == []


def test_a_file_that_cannot_hold_a_trace_is_not_opened() -> None:
    words = [new_trace_id() for _ in range(2000)]
    sieve = make_sieve(words)
    assert all(may_hold(sieve, word) for word in words)
    assert sum(may_hold(sieve, new_trace_id()) for _ in range(2000)) < 100
    assert not may_hold(make_sieve([]), "x")


def test_days_that_have_spans(store: TieredEvents) -> None:
    store.append([span(1), span(2, day=3)]).result()
    assert store.hot.days() == [DAY, DAY + 3]
    assert day_of(NOON) == DAY
    assert set(store.hot.keys([DAY, DAY + 1])) == {DAY}


@pytest.mark.parametrize("moved", [2, 9, 10])
def test_what_moved_is_in_no_byte_of_the_hot_store(tmp_path: Path, sqlite_ledger: Ledger, moved: int) -> None:
    store = tiered(f"sqlite:///{tmp_path}/events", sqlite_ledger, tmp_path / "cold")
    spans = [span(number, attributes={"question": f"CANARY-{number} " * 90}) for number in range(10)]
    store.append(spans).result()
    move_day(store.cold, store.hot, DAY, [(item.trace_id, item.span_id) for item in spans[:moved]])
    there = [bool(sightings.seen(tmp_path / "events", f"CANARY-{number} ")) for number in range(10)]
    assert there == [False] * moved + [True] * (10 - moved)
    assert store.count(0) == 10
    store.close()
