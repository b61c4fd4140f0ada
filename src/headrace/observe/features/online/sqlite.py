"""The online store in one SQLite file: a write is one transaction."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from headrace.errors import DiskFull, StorageError
from headrace.ledger.durability import make_folder
from headrace.ledger.failpoints import declare, fire
from headrace.observe.features.online.base import OnlineRow, Written

_BATCH = declare("feature.batch")
_WRITTEN = declare("feature.written")
_PRAGMAS = (
    "PRAGMA busy_timeout=60000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA cache_size=-16384",
)
_TABLE = """
CREATE TABLE IF NOT EXISTS features (
    view TEXT NOT NULL, entity TEXT NOT NULL, subject TEXT NOT NULL,
    event_us INTEGER NOT NULL, known_us INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (view, entity)) WITHOUT ROWID"""
_INDEX = "CREATE INDEX IF NOT EXISTS features_subject ON features (subject)"
_READ = "SELECT entity, subject, event_us, known_us, body FROM features WHERE view = ? AND entity = ?"
_PUT = """
INSERT INTO features VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (view, entity) DO UPDATE SET
    subject = excluded.subject, event_us = excluded.event_us, known_us = excluded.known_us,
    body = excluded.body
WHERE """
_NEWER = """(excluded.event_us, excluded.known_us) > (features.event_us, features.known_us)
OR ((excluded.event_us, excluded.known_us) = (features.event_us, features.known_us)
    AND excluded.body <> features.body)"""
_OTHER = """(excluded.event_us, excluded.known_us, excluded.body)
<> (features.event_us, features.known_us, features.body)"""


class SqliteOnline:
    """Rows in a file; each thread has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    def read(self, view: str, entity: str) -> OnlineRow | None:
        """The row of an entity."""
        row = self._connection().execute(_READ, (view, entity)).fetchone()
        return None if row is None else OnlineRow(*row)

    def entities(self, view: str) -> set[str]:
        """Every entity with a row."""
        rows = self._connection().execute("SELECT entity FROM features WHERE view = ?", (view,))
        return {entity for (entity,) in rows}

    def write(self, view: str, batches: Iterable[Sequence[OnlineRow]], *, replace: bool = False) -> Written:
        """One transaction: readers see the former rows until it is committed."""
        connection = self._connection()
        put = _PUT + (_OTHER if replace else _NEWER)
        seen: set[str] = set()
        try:
            connection.execute("BEGIN IMMEDIATE")
            before = connection.total_changes
            for batch in batches:
                connection.executemany(put, [(view, *row) for row in batch])
                seen.update(row.entity for row in batch)
                fire(_BATCH)
            written = connection.total_changes - before
            gone = sorted(self.entities(view) - seen)
            connection.executemany(
                "DELETE FROM features WHERE view = ? AND entity = ?", [(view, entity) for entity in gone]
            )
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise self._failure(error) from error
            raise
        fire(_WRITTEN)
        return Written(written=written, removed=len(gone))

    def find(self, subjects: Sequence[str]) -> int:
        """How many rows belong to these subjects."""
        counted = "SELECT count(*) FROM features WHERE subject = ?"
        return sum(self._connection().execute(counted, (subject,)).fetchone()[0] for subject in subjects)

    def erase(self, subjects: Sequence[str]) -> int:
        """Take them out."""
        with self._connection() as connection:
            before = connection.total_changes
            given = [(subject,) for subject in subjects]
            connection.executemany("DELETE FROM features WHERE subject = ?", given)
            return connection.total_changes - before

    def clean(self) -> None:
        """Empty the log; freed pages were overwritten as rows went."""
        self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            connections, self._all = self._all, []
            self._own = threading.local()
        for connection in connections:
            connection.close()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._open()
            with self._lock:
                self._all.append(connection)
        return connection

    def _open(self) -> sqlite3.Connection:
        make_folder(self._path.parent)
        try:
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            for statement in (*_PRAGMAS, _TABLE, _INDEX):
                connection.execute(statement)
        except sqlite3.Error as error:
            raise self._failure(error) from error
        return connection

    def _failure(self, error: sqlite3.Error) -> StorageError:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return DiskFull(str(self._path))
        return StorageError(
            f"The online store {str(self._path)!r} cannot be used: {error}.",
            hint="It can be deleted at any time; `headrace feature materialise` fills it again.",
        )
