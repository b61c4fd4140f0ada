"""The ledger itself: opening, snapshots, group commit, time."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from headrace.errors import DiskFull, MissingExtra, SchemaTooNew, StorageError, UsageError
from headrace.ledger import artifacts, refs
from headrace.ledger.ledger import Ledger, Write
from headrace.ledger.storage import engine as engines
from headrace.ledger.storage import tables, upgrade
from headrace.ledger.storage.engine import make_engine, parse_url
from tests.processes import run_python

_PUT_UNTIL_KILLED = """\
import sys
from headrace.ledger import artifacts
from headrace.ledger.ledger import Ledger
ledger = Ledger.open(sys.argv[1])
for number in range(1_000_000):
    print(ledger.write(lambda tx: artifacts.put(tx, "thing", number)), flush=True)
"""

_PUT_MANY = """\
import sys
from headrace.ledger.ledger import Ledger
from headrace.ledger import refs
with Ledger.open(sys.argv[1]) as ledger:
    for number in range(40):
        ledger.write(lambda tx: refs.move(tx, "shared", f"{sys.argv[2]}-{number}", actor="a", reason="r"))
"""


def test_migrations_make_exactly_the_declared_tables(ledger: Ledger, ledger_url: str) -> None:
    engine = make_engine(parse_url(ledger_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == tables.HEAD
        found = compare_metadata(context, tables.metadata)
    assert [change for change in found if "event_" not in str(change)] == []


def test_the_new_ledgers_of_these_tests_are_those_of_the_migrations(tmp_path: Path) -> None:
    shown = []
    program = "import sys; from headrace.ledger.ledger import Ledger; Ledger.open(sys.argv[1]).close()"
    for name in ("one", "two", "migrated"):
        file = tmp_path / f"{name}.sqlite"
        if name == "migrated":
            assert run_python(program, f"sqlite:///{file}").returncode == 0
        else:
            Ledger.open(f"sqlite:///{file}").close()
        with closing(sqlite3.connect(file)) as connection:
            made = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
            tables_of = [name for kind, name, _ in made if kind == "table"]
            counts = [connection.execute(f'SELECT count(*) FROM "{table}"').fetchone() for table in tables_of]
        shown.append((made, counts))
    assert shown[0] == shown[1] == shown[2]


def test_the_newest_migration_is_the_declared_head() -> None:
    script = ScriptDirectory(str(Path(upgrade.__file__).parent / "migrations"))
    assert script.get_heads() == [tables.HEAD]


def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(ledger_url: str) -> None:
    with Ledger.open(ledger_url) as ledger:
        ledger.write(lambda tx: tx.conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    for _ in range(2):
        with pytest.raises(SchemaTooNew) as caught:
            Ledger.open(ledger_url)
        assert caught.value.details == {"found": "9999", "known": tables.HEAD}


def test_processes_that_open_a_new_ledger_at_once_and_write_lose_nothing(ledger_url: str) -> None:
    children = [
        subprocess.Popen([sys.executable, "-c", _PUT_MANY, ledger_url, str(name)], stderr=subprocess.PIPE)
        for name in range(3)
    ]
    for child in children:
        _, errors = child.communicate(timeout=60)
        assert child.returncode == 0, errors.decode()
    with Ledger.open(ledger_url) as ledger, ledger.read() as conn:
        history = refs.history(conn, "shared")
    assert sorted(row.artifact for row in history) == sorted(f"{n}-{i}" for n in range(3) for i in range(40))
    assert [row.seq for row in history] == list(range(1, 121))
    times = [row.valid_from_us for row in history]
    assert times == sorted(set(times))


def test_what_was_acknowledged_survives_sigkill(ledger_url: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _PUT_UNTIL_KILLED, ledger_url], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    acknowledged = [child.stdout.readline().strip() for _ in range(25)]
    child.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in child.stdout if line.endswith("\n")]
    child.wait()
    child.stdout.close()
    with Ledger.open(ledger_url) as ledger, ledger.read() as conn:
        assert set(artifacts.get_many(conn, acknowledged)) == set(acknowledged)


def test_one_failing_piece_of_work_takes_back_only_itself(ledger: Ledger) -> None:
    gate = threading.Event()
    ledger.submit(lambda _: gate.wait(5))  # what follows queues up and becomes one group

    def break_a_rule(tx: Write) -> None:
        artifacts.put(tx, "thing", "broken")
        tx.conn.execute(sa.insert(tables.meta).values(id=1, last_us=0))

    def fail(tx: Write) -> None:
        artifacts.put(tx, "thing", "failed")
        raise KeyError("mine")

    before = ledger.submit(lambda tx: artifacts.put(tx, "thing", "before"))
    failing, breaking = ledger.submit(fail), ledger.submit(break_a_rule)
    after = ledger.submit(lambda tx: artifacts.put(tx, "thing", "after"))
    gate.set()
    with pytest.raises(KeyError, match="mine"):
        failing.result()
    with pytest.raises(StorageError, match="could not be written"):
        breaking.result()
    kept = {before.result(), after.result()}
    with ledger.read() as conn:
        found = set(conn.execute(sa.select(tables.artifacts.c.digest)).scalars())
    assert found == kept


def test_a_commit_that_fails_fails_every_caller_and_keeps_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    ledger.submit(lambda _: gate.wait(5))
    futures = [ledger.submit(lambda tx, n=n: artifacts.put(tx, "thing", n)) for n in range(3)]  # type: ignore[misc]  # a default binds n
    monkeypatch.setenv("HEADRACE_FAILPOINTS", "ledger.before_commit=enospc")
    gate.set()
    for future in futures:
        with pytest.raises(DiskFull):
            future.result()
    monkeypatch.delenv("HEADRACE_FAILPOINTS")
    with ledger.read() as conn:
        assert conn.execute(sa.select(tables.artifacts.c.digest)).all() == []


def test_a_full_disk_fails_what_needs_space_and_the_ledger_goes_on(sqlite_ledger: Ledger) -> None:
    def limit(tx: Write, pages: int) -> None:
        tx.conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    kept = sqlite_ledger.write(lambda tx: artifacts.put(tx, "thing", "before"))
    sqlite_ledger.write(lambda tx: limit(tx, 1))  # SQLite takes it as the size it has now
    with pytest.raises(DiskFull):
        sqlite_ledger.write(lambda tx: artifacts.put(tx, "thing", "x" * 2_000_000))
    sqlite_ledger.write(lambda tx: limit(tx, 1_000_000))
    after = sqlite_ledger.write(lambda tx: artifacts.put(tx, "thing", "after"))
    with sqlite_ledger.read() as conn:
        assert set(artifacts.get_many(conn, [kept, after])) == {kept, after}
        assert conn.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


def test_a_read_is_one_snapshot(ledger: Ledger) -> None:
    first = ledger.write(lambda tx: artifacts.put(tx, "thing", 1))
    with ledger.read() as conn:
        assert artifacts.get(conn, first) is not None
        second = ledger.write(lambda tx: artifacts.put(tx, "thing", 2))
        assert artifacts.get(conn, second) is None
        with ledger.read() as other:
            assert artifacts.get(other, second) is not None


def test_a_read_leaves_nothing_behind(ledger: Ledger) -> None:
    update = sa.update(tables.meta).values(last_us=-5)
    if ledger.engine_name == "postgresql":
        with pytest.raises(sa.exc.InternalError, match="read-only"), ledger.read() as conn:
            conn.execute(update)
    else:
        with ledger.read() as conn:
            conn.execute(update)
    with ledger.read() as conn:
        assert conn.execute(sa.select(tables.meta.c.last_us)).scalar_one() >= 0


def test_time_never_goes_back_nor_stands_still(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        times = list(pool.map(lambda _: ledger.write(lambda tx: tx.now_us), range(200)))
    assert len(set(times)) == 200
    ahead = max(times) + 3_600_000_000  # as if the clock of the machine had been an hour ahead until now
    ledger.write(lambda tx: tx.conn.execute(sa.update(tables.meta).values(last_us=ahead)))
    assert [ledger.write(lambda tx: tx.now_us) for _ in range(3)] == [ahead + 1, ahead + 2, ahead + 3]


def test_a_write_inside_a_write_is_an_error_instead_of_a_wait_for_ever(ledger: Ledger) -> None:
    with pytest.raises(StorageError, match="inside a write"):
        ledger.write(lambda _: ledger.write(lambda tx: tx.now_us))


def test_closing_finishes_what_is_queued(ledger_url: str) -> None:
    ledger = Ledger.open(ledger_url)
    futures = [ledger.submit(lambda tx: artifacts.put(tx, "thing", tx.now_us)) for _ in range(50)]
    ledger.close()
    ledger.close()
    assert all(future.done() for future in futures)
    with pytest.raises(StorageError, match="closed"):
        ledger.write(lambda tx: tx.now_us)
    with pytest.raises(StorageError, match="closed"), ledger.read():
        pass
    with Ledger.open(ledger_url) as again, again.read() as conn:
        assert len(artifacts.get_many(conn, [future.result() for future in futures])) == 50


@pytest.mark.postgres
def test_a_server_that_dropped_every_connection_is_found_again(postgres_url: str) -> None:
    with Ledger.open(postgres_url) as ledger:
        ledger.write(lambda tx: tx.now_us)
        pids = [_pid(ledger), _writer_pid(ledger)]
        with Ledger.open(postgres_url) as other:
            other.write(
                lambda tx: tx.conn.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", (pids,)
                )
            )
        assert ledger.write(lambda tx: tx.now_us) > 0
        with pytest.raises(sa.exc.OperationalError), ledger.read() as conn:
            conn.exec_driver_sql("SELECT 1")
        with ledger.read() as conn:
            assert conn.exec_driver_sql("SELECT 1").scalar_one() == 1


def _pid(ledger: Ledger) -> int:
    with ledger.read() as conn:
        return int(conn.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def _writer_pid(ledger: Ledger) -> int:
    return ledger.write(lambda tx: int(tx.conn.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()))


def test_a_sqlite_ledger_is_durable_and_forgets_what_is_deleted(sqlite_ledger: Ledger) -> None:
    def pragma(tx: Write, name: str) -> object:
        return tx.conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()

    found = {
        name: sqlite_ledger.write(lambda tx, name=name: pragma(tx, name))  # type: ignore[misc]  # a default binds name
        for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "busy_timeout")
    }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "busy_timeout": engines.BUSY_MS,
    }


def test_a_file_that_is_no_ledger_or_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are my notes " * 100)
    for place in ("notes.txt", "notes.txt/ledger.sqlite"):
        with pytest.raises(StorageError, match=f"{place}.* cannot be opened"):
            Ledger.open(f"sqlite:///{tmp_path}/{place}")


def test_a_missing_driver_prints_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra) as caught:
        Ledger.open("postgresql://127.0.0.1:1/data")
    assert "headrace[postgres]" in caught.value.hint


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite://", "sqlite:///:memory:", "not a url"])
def test_a_wrong_url_is_a_usage_error_with_a_way_out(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Ledger.open(url)
    assert "sqlite:///" in caught.value.hint


def test_credentials_are_never_shown() -> None:
    url = parse_url("postgresql://someone:secret@db.example:5433/data?sslmode=require&password=secret2")
    assert engines.safe_url(url) == "postgresql+psycopg://db.example:5433/data"
    with pytest.raises(StorageError) as caught:
        Ledger.open("postgresql://someone:secret@127.0.0.1:1/data")
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("schema", ["Upper", "semi;colon", "two words", "1st"])
def test_a_wrong_schema_name_is_refused(schema: str) -> None:
    with pytest.raises(UsageError, match="headrace_schema"):
        Ledger.open(f"postgresql://127.0.0.1:1/data?headrace_schema={schema}")
