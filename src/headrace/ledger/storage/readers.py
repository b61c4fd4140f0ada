"""Connections for reading, kept open between reads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from headrace.errors import StorageError
from headrace.ledger.storage.engine import reader

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_IDLE = 8


class Readers:
    """Lends connections, each read a consistent snapshot of its own."""

    def __init__(self, engine: Engine, *, name: str) -> None:
        self._engine = engine
        self._name = name
        self._idle: deque[Connection] = deque()
        self._lock = Lock()
        self._closed = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection inside a read transaction."""
        connection = self._take()
        try:
            transaction = connection.begin()
            try:
                yield connection
            finally:
                transaction.rollback()
        finally:
            self._give_back(connection)

    def close(self) -> None:
        """Close what is idle now, and what is lent once it comes back."""
        with self._lock:
            self._closed = True
            idle = list(self._idle)
            self._idle.clear()
        for connection in idle:
            connection.close()

    def _take(self) -> Connection:
        with self._lock:
            if self._closed:
                raise StorageError(f"{self._name} is closed.", hint="Open it again before reading from it.")
            if self._idle:
                return self._idle.pop()
        return reader(self._engine)

    def _give_back(self, connection: Connection) -> None:
        lost = connection.invalidated
        with self._lock:
            if not self._closed and not lost and len(self._idle) < _IDLE:
                self._idle.append(connection)
                return
            # When the server went away, connections that lie idle went with it.
            stale = list(self._idle) if lost else []
            if lost:
                self._idle.clear()
        for item in [connection, *stale]:
            item.close()
