"""Cached outputs in an SQLite file beside the ledger. It is not fsynced: what is lost is asked again."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from headrace.errors import StorageError
from headrace.infer.cache.base import Entry, Held
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.storage.rows import slices

_WAIT_SECONDS = 5.0
_IN_PUT = declare("cache.in_put_transaction")
_COLUMNS = "key, part, created_us, expires_us, body, vector"
_TABLES = """
CREATE TABLE IF NOT EXISTS cache_entries (
  key TEXT PRIMARY KEY, part TEXT NOT NULL, created_us INTEGER NOT NULL, expires_us INTEGER NOT NULL,
  body BLOB NOT NULL, vector BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS cache_entries_part ON cache_entries (part, created_us);
CREATE INDEX IF NOT EXISTS cache_entries_created ON cache_entries (created_us);
CREATE TABLE IF NOT EXISTS cache_ties (tie TEXT, key TEXT, PRIMARY KEY (tie, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cache_ties_key ON cache_ties (key);
"""


class SQLiteCache:
    """One file; several processes may share it."""

    kind: Literal["sqlite", "redis"] = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = sqlite3.connect(
                path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
            for pragma in ("journal_mode = WAL", "synchronous = OFF", "secure_delete = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.executescript(_TABLES)
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def get(self, key: str) -> Entry | None:
        """An entry that has not expired, without its ties."""
        found = self._select("key = ? AND expires_us > ?", (key, _now_us()), limit=1)
        return found[0] if found else None

    def put(self, entry: Entry, *, most: int) -> None:
        """Keep an entry in place of an older one; the oldest beyond `most` go."""
        row = (entry.key, entry.partition, entry.created_us, entry.expires_us, entry.body, entry.vector)
        with self._transaction() as connection:
            _delete(connection, [entry.key])
            connection.execute(f"INSERT INTO cache_entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", row)  # noqa: S608
            ties = [(tie, entry.key) for tie in entry.ties]
            connection.executemany("INSERT OR IGNORE INTO cache_ties (tie, key) VALUES (?, ?)", ties)
            fire(_IN_PUT)
            count = connection.execute("SELECT count(*) FROM cache_entries").fetchone()[0]
            if count > most:
                oldest = "SELECT key FROM cache_entries ORDER BY created_us, key LIMIT ?"
                _delete(connection, [key for (key,) in connection.execute(oldest, (count - most,))])

    def near(self, partition: str, *, limit: int) -> list[Entry]:
        """The newest entries of a partition that have not expired, newest first, without their ties."""
        return self._select("part = ? AND expires_us > ?", (partition, _now_us()), limit=limit)

    def remove(self, keys: Sequence[str]) -> int:
        """Take entries out; gives how many were there."""
        with self._transaction() as connection:
            return _delete(connection, keys)

    def tied(self, ties: Sequence[str]) -> list[str]:
        """Keys of the entries that come from one of these."""
        found: set[str] = set()
        with self._reading() as connection:
            for part in slices(ties):
                marks = ", ".join("?" * len(part))
                statement = f"SELECT key FROM cache_ties WHERE tie IN ({marks})"  # noqa: S608 - marks only
                found.update(key for (key,) in connection.execute(statement, part))
        return sorted(found)

    def held(self) -> Held:
        """How much there is."""
        statement = "SELECT count(*), coalesce(sum(length(body) + length(vector)), 0) FROM cache_entries"
        with self._reading() as connection:
            entries, size = connection.execute(statement).fetchone()
        return Held(entries=entries, bytes=size)

    def clear(self) -> int:
        """Take everything out; gives how many there were."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM cache_ties")
            return int(connection.execute("DELETE FROM cache_entries").rowcount)

    def clean(self) -> None:
        """Leave nothing of what was taken out in the log and the free pages."""
        give_up = time.monotonic() + _WAIT_SECONDS
        while True:
            with self._reading() as connection:
                busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if not busy:
                return
            if time.monotonic() > give_up:
                raise StorageError(
                    f"The log of {self._path.name!r} could not be emptied: somebody reads it all the time.",
                    hint="Run `headrace forget --due` when that reader is gone; it goes on from there.",
                )
            time.sleep(0.05)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _select(self, where: str, values: tuple[object, ...], *, limit: int) -> list[Entry]:
        statement = f"SELECT {_COLUMNS} FROM cache_entries WHERE {where} ORDER BY created_us DESC LIMIT ?"  # noqa: S608
        with self._reading() as connection:
            rows = connection.execute(statement, (*values, limit)).fetchall()
        return [
            Entry(
                key=row[0], partition=row[1], created_us=row[2], expires_us=row[3], body=row[4], vector=row[5]
            )
            for row in rows
        ]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise self._explained(error) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    def _explained(self, error: sqlite3.Error) -> StorageError:
        return StorageError(
            f"The cache {str(self._path)!r} cannot be used: {error}",
            hint="It can be rebuilt: stop Headrace and delete the file. Calls go on without it.",
        )


def _delete(connection: sqlite3.Connection, keys: Sequence[str]) -> int:
    count = 0
    for part in slices(keys):
        marks = ", ".join("?" * len(part))
        connection.execute(f"DELETE FROM cache_ties WHERE key IN ({marks})", part)  # noqa: S608 - marks only
        found = connection.execute(f"DELETE FROM cache_entries WHERE key IN ({marks})", part)  # noqa: S608
        count += found.rowcount
    return count


def _now_us() -> int:
    return time.time_ns() // 1000
