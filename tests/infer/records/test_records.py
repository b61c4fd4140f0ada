"""Records: one for each call, whole, sealed, and read in any version of their schema."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.errors import HeadraceError, MigrationFailed, NotFoundError, StorageError, VersionRefused
from headrace.infer.gateway.base import RecordKeeper
from headrace.infer.records import store
from headrace.infer.records.keeper import LedgerRecords, record_id
from headrace.infer.records.reading import RecordReader
from headrace.infer.records.rewriting import rewrite_all
from headrace.infer.records.sealing import Seal
from headrace.infer.records.window import Support
from headrace.infer.schemas.chain import Chain, Step
from headrace.infer.schemas.file import make_schema
from headrace.infer.schemas.store import recorded
from headrace.ledger.erasure.keyring import Keyring
from headrace.ledger.ledger import Ledger, Write
from headrace.ledger.storage.tables.calls import records as table
from tests.infer.records.envelopes import GOAL, GOALS, envelope

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


def up(value: Any) -> Any:
    return {"goals": [{"topic": value["goal"], "level": "new"}]}


def down(value: Any) -> Any:
    return {"goal": value["goals"][0]["topic"]}


STEP = Step(lower=1, upper=2, upgrade=up, downgrade=down, where="here", source="a")
CHAIN = Chain("goal", newest=2, steps=[STEP])


class Shelf:
    """A keeper and a reader over one ledger."""

    def __init__(self, ledger: Ledger, keys: Path) -> None:
        self.ledger = ledger
        self.keyring = Keyring(keys, ledger)
        self.seal = Seal(self.keyring)
        self.keeper = self.new_keeper()

    def new_keeper(self) -> LedgerRecords:
        return LedgerRecords(
            self.ledger, self.keyring, schema_of=lambda _: make_schema("goal", GOAL), actor="test"
        )

    def keep(self, number: int, value: Any, original: bytes = b"", **facts: Any) -> str:
        return self.keeper.keep(envelope(number, **facts), value, original).result(timeout=60)

    def reader(self, chain: Chain = CHAIN, *, today: date = date(2026, 6, 1), **until: date) -> RecordReader:
        support = Support(support_until={int(key[1:]): day for key, day in until.items()})
        return RecordReader(
            self.ledger,
            self.seal,
            chain=lambda _: chain,
            support={"goal": support},
            permitted=lambda _conn, access: lambda name: access is None or name.partition("/")[2] in access,
            today=lambda: today,
        )

    def count(self) -> int:
        with self.ledger.read() as conn:
            return conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


@pytest.fixture
def shelf(ledger: Ledger, tmp_path: Path) -> Shelf:
    """On each engine."""
    return Shelf(ledger, tmp_path / "keys")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """One for generated values."""
    root = tmp_path_factory.mktemp("records")
    with Ledger.open(f"sqlite:///{root}/ledger.sqlite") as ledger:
        yield Shelf(ledger, root / "keys")


def test_a_record_comes_back_whole_and_lies_sealed(shelf: Shelf) -> None:
    original = b'```json\n{"goal": "Zanzibar"}\n``` \xff'
    record = shelf.keep(1, {"goal": "Zanzibar"}, original, documents=["a.md", "a.md", "b.md"], subject="sam")
    view = shelf.reader(v1=date(2027, 1, 1)).get(record, version=1)
    assert (view.value, view.told, view.record.version) == ({"goal": "Zanzibar"}, "as stored", 1)
    assert shelf.reader().original(record) == original
    assert [item.document for item in view.record.retrieved] == ["a.md", "b.md"]
    with shelf.ledger.read() as conn:
        row = store.get(conn, record)
        assert recorded(conn, "goal")[1].json_schema == make_schema("goal", GOAL).json_schema
        assert store.of_subject(conn, shelf.keyring.keyed("subject", "sam")) == {record}
        assert store.of_trace(conn, view.record.trace_id) == {record}
    assert row is not None
    assert b"Zanzibar" not in repr(row).encode()
    assert "sam" not in repr(row._replace(sealed=b""))
    assert row.sealed is not None
    with pytest.raises(StorageError, match="another key"):
        shelf.seal.open("record_other", row.sealed)


def test_the_same_call_is_one_record_and_the_first_stands(shelf: Shelf) -> None:
    names = {shelf.keep(1, {"goal": goal}) for goal in ("first", "second")}
    names.add(shelf.new_keeper().keep(envelope(1), {"goal": "third"}, b"").result(timeout=60))
    assert names == {record_id(f"{1:032x}", f"{1:016x}")}
    assert shelf.reader().get(names.pop(), stored=True).value == {"goal": "first"}


def test_many_threads_keep_at_once_in_few_commits(shelf: Shelf) -> None:
    futures: list[Future[str]] = []
    commits = []

    def work(start: int) -> None:
        for number in range(start, start + 100):
            futures.append(shelf.keeper.keep(envelope(number % 300), {"goal": str(number % 300)}, b""))

    shelf.ledger.submit(lambda tx: commits.append(tx.now_us))
    threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 600, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {future.result(timeout=60) for future in futures} == {
        record_id(f"{number:032x}", f"{number:016x}") for number in range(300)
    }
    with shelf.ledger.read() as conn:
        times = conn.execute(sa.select(sa.func.count(table.c.known_at_us.distinct()))).scalar_one()
    assert shelf.count() == 300
    assert times < 200


def test_a_record_that_cannot_be_stored_takes_no_other_with_it(shelf: Shelf) -> None:
    hold = threading.Event()
    waiting = shelf.ledger.submit(lambda _: hold.wait(timeout=30))
    bad = shelf.keeper.keep(envelope(1, schema_version="one"), {"goal": "x"}, b"")
    bad_too = shelf.keeper.keep(envelope(2, event_time_us="never"), {"goal": "x"}, b"")
    good = shelf.keeper.keep(envelope(3), {"goal": "y"}, b"")
    hold.set()
    waiting.result(timeout=60)
    assert good.result(timeout=60)
    if shelf.ledger.engine_name == "postgresql":  # SQLite takes any value in any column
        for future in (bad, bad_too):
            with pytest.raises(HeadraceError):
                future.result(timeout=60)
        assert shelf.count() == 1
    shelf.ledger.close()
    with pytest.raises(StorageError, match="closed"):
        shelf.keeper.keep(envelope(4), {}, b"").result(timeout=60)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON, st.binary(max_size=40) | st.none(), st.integers(0, 2**60))
def test_any_value_comes_back_as_it_was(kept: Shelf, value: Any, other: bytes | None, number: int) -> None:
    original = json.dumps(value).encode() if other is None else other
    record = kept.seal.close(f"record_{number}", value, original)
    body = kept.seal.open(f"record_{number}", record)
    assert (repr(body.value), body.original) == (repr(value), original)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from([None, "", "a"])), min_size=1, max_size=8),
    st.data(),
)
def test_any_order_and_repetition_leaves_one_record_for_each_call(
    kept: Shelf, calls: list[tuple[int, str | None]], data: st.DataObject
) -> None:
    base = data.draw(st.integers(10, 2**50)) * 10
    first: dict[int, str | None] = {}
    for number, note in calls:
        first.setdefault(number, note)
    before = kept.count()
    fresh = not any(kept.reader().list(trace=f"{base + number:032x}").records for number in first)
    futures = [
        kept.keeper.keep(envelope(base + number), {"goal": "x", "note": note}, b"") for number, note in calls
    ]
    names = [future.result(timeout=60) for future in futures]
    assert len(set(names)) == len(first)
    if fresh:
        assert kept.count() == before + len(first)
        for (number, _), name in zip(calls, names, strict=True):
            assert kept.reader().get(name, stored=True).value == {"goal": "x", "note": first[number]}


def test_reading_goes_through_the_chain_and_changes_nothing(shelf: Shelf) -> None:
    old = shelf.keep(1, {"goal": "weirs"}, b'{"goal": "weirs"}')
    goals = {"goals": [{"topic": "mills", "level": "some"}]}
    new = shelf.keep(2, goals, schema=make_schema("goal", GOALS))
    reader = shelf.reader(v1=date(2026, 6, 20))
    view = reader.get(old)
    assert (view.value, view.version, view.told) == (
        {"goals": [{"topic": "weirs", "level": "new"}]},
        2,
        "upgraded",
    )
    told = reader.get(new, version=1)
    assert (told.value, told.told) == ({"goal": "mills"}, "downgraded")
    assert told.warnings == ("Version 1 of 'goal' is served until 2026-06-20; the newest is 2.",)
    assert shelf.reader(v1=date(2027, 1, 1)).get(new, version=1).warnings == ()
    assert reader.get(old, stored=True).value == {"goal": "weirs"}
    assert reader.original(old) == b'{"goal": "weirs"}'


def test_versions_that_are_not_served_are_refused_with_what_to_do(shelf: Shelf) -> None:
    old = shelf.keep(1, {"goal": "weirs"})
    future = shelf.keep(2, {"future": 1}, schema=make_schema("goal", {**GOALS, "version": 3}))
    with pytest.raises(VersionRefused, match=f"{future}.*has version 3 here.* known is 2"):
        shelf.reader().get(future)
    assert shelf.reader().get(future, stored=True).value == {"future": 1}
    with pytest.raises(VersionRefused, match="no support of older readers is declared") as raised:
        shelf.reader().get(old, version=1)
    assert "support_until" in raised.value.hint
    with pytest.raises(VersionRefused, match="ended on 2026-05-31"):
        shelf.reader(v1=date(2026, 5, 31)).get(old, version=1)
    assert shelf.reader(v1=date(2026, 6, 1)).get(old, version=1).value == {"goal": "weirs"}
    rolled_back = Chain("goal", newest=1, steps=[])
    assert shelf.reader(rolled_back).get(old).value == {"goal": "weirs"}
    with pytest.raises(NotFoundError):
        shelf.reader().get("record_none")


def test_a_migration_that_fails_names_the_record(shelf: Shelf) -> None:
    record = shelf.keep(1, {"note": "no goal"})
    with pytest.raises(MigrationFailed, match=rf"{record}.*KeyError on line \d+: 'goal'") as raised:
        shelf.reader().get(record)
    assert raised.value.details["record"] == record


def test_rewriting_keeps_what_was_first_and_goes_stale_with_its_chain(shelf: Shelf) -> None:
    names = [shelf.keep(number, {"goal": str(number)}) for number in range(5)]
    broken = shelf.keep(9, {"note": "no goal"})
    done = rewrite_all(shelf.ledger, shelf.reader(), shelf.seal, CHAIN, batch=2)
    assert (done.written, [item.record for item in done.failed]) == (5, [broken])
    assert rewrite_all(shelf.ledger, shelf.reader(), shelf.seal, CHAIN, batch=2).written == 0
    used: list[Any] = []

    def other(value: Any) -> Any:
        used.append(value)
        return {"goals": []}

    def no(value: Any) -> Any:
        raise AssertionError("the chain was not needed")

    same = Chain(
        "goal", newest=2, steps=[Step(lower=1, upper=2, upgrade=no, downgrade=down, where="", source="a")]
    )
    assert shelf.reader(same).get(names[0]).value == {"goals": [{"topic": "0", "level": "new"}]}
    changed = Chain(
        "goal", newest=2, steps=[Step(lower=1, upper=2, upgrade=other, downgrade=None, where="", source="b")]
    )
    assert shelf.reader(changed).get(names[0]).value == {"goals": []}
    assert used
    assert rewrite_all(shelf.ledger, shelf.reader(), shelf.seal, changed, batch=100).written == 6
    assert shelf.reader(changed).get(names[0], stored=True).value == {"goal": "0"}


def test_only_who_may_see_the_documents_sees_the_record(shelf: Shelf) -> None:
    open_to_all = shelf.keep(1, {"goal": "x"})
    closed = shelf.keep(2, {"goal": "y"}, documents=["a.md", "b.md"])
    reader = shelf.reader()
    assert [item.id for item in reader.list("goal").records] == [closed, open_to_all]
    assert [item.id for item in reader.list("goal", access=["a.md"]).records] == [open_to_all]
    assert [item.id for item in reader.list(access=["a.md", "b.md"], limit=1).records] == [closed]
    with pytest.raises(NotFoundError):
        reader.get(closed, access=["a.md"])
    with pytest.raises(NotFoundError):
        reader.original(closed, access=())
    assert reader.get(closed, access=["a.md", "b.md"]).version == 2


def test_records_are_counted_and_chosen_by_version(shelf: Shelf) -> None:
    assert isinstance(shelf.keeper, RecordKeeper)
    names = sorted(shelf.keep(number, {"goal": "x"}) for number in range(5))
    other = shelf.keep(9, {"goals": []}, schema=make_schema("goal", GOALS))
    with shelf.ledger.read() as conn:
        assert store.counts(conn, "goal") == {1: 5, 2: 1}
        assert store.digests(conn, "goal")[2] == {make_schema("goal", GOALS).digest}
        chosen = [row.id for row in store.sample(conn, "goal", 1, limit=3)]
        assert len(set(chosen) & set(names)) == 3
        pages = (
            store.page(conn, "goal", 1, after="", limit=4),
            store.page(conn, "goal", 1, after=names[3], limit=4),
        )
        assert [row.id for page in pages for row in page] == names
        assert [row.id for row in store.whole(conn, after="", limit=9)] == sorted([*names, other])


def test_an_erased_record_stays_erased(shelf: Shelf) -> None:
    record = shelf.keep(1, {"goal": "x"}, subject="sam")

    def erase(tx: Write) -> None:
        store.erase(tx, [record])

    shelf.ledger.write(erase)
    assert shelf.keep(1, {"goal": "again"}) == record
    view = shelf.reader().get(record)
    assert (view.told, view.value, view.original) == ("erased", None, "")
    assert view.record.erased_at_us
    with pytest.raises(NotFoundError, match="erased|No record"):
        shelf.reader().original(record)
    assert rewrite_all(shelf.ledger, shelf.reader(), shelf.seal, CHAIN, batch=10).written == 0
