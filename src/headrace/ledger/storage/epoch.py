"""Notices cheaply whether anybody, in any process, has committed to a database."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

from headrace.ledger.storage.engine import BUSY_MS

if TYPE_CHECKING:
    from sqlalchemy import Engine


class Epoch:
    """A number that differs after every commit, for SQLite: it is kept in memory that processes share.

    PostgreSQL has nothing as cheap, so it gives None there.
    """

    def __init__(self, engine: Engine) -> None:
        self._file = engine.url.database if engine.dialect.name == "sqlite" else None
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def __call__(self) -> int | None:
        """The number of now; a commit that returned before is in it."""
        if self._file is None:
            return None
        with self._lock:
            if self._connection is None:
                self._connection = sqlite3.connect(
                    self._file, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
                )
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close; a later call opens again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
