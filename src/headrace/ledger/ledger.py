"""The ledger: one database that says what is, who decided it, and since when."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Literal, TypeVar

from sqlalchemy.exc import DBAPIError

from headrace.errors import StorageError
from headrace.ledger.storage.engine import make_engine, parse_url, reader, safe_url
from headrace.ledger.storage.upgrade import upgrade
from headrace.ledger.storage.writer import LedgerWriter, Write

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["Ledger", "Write"]

T = TypeVar("T")

_IDLE_READERS = 8


class Ledger:
    """An opened ledger. Safe to share between threads; not to be carried across a fork."""

    def __init__(self, engine: Engine, *, url: str) -> None:
        self.safe_url = url
        """Where it lies, without credentials."""
        self._engine = engine
        self._writer = LedgerWriter(engine, where=url)
        self._idle: deque[Connection] = deque()
        self._lock = Lock()
        self._closed = False

    @classmethod
    def open(cls, url: str) -> Ledger:
        """Open a ledger, creating or upgrading its tables if need be.

        `url` is `sqlite:///<file>` or `postgresql://user@host/database`, there optionally with
        `?headrace_schema=<name>` so that several workspaces share one database. Raises SchemaTooNew,
        UsageError, and StorageError when the database cannot be reached.
        """
        parsed = parse_url(url)
        engine = make_engine(parsed)
        where = safe_url(parsed)
        try:
            upgrade(engine, parsed)
        except DBAPIError as error:
            first = str(error.orig).strip().split("\n", 1)[0][:300]
            raise StorageError(
                f"The ledger {where!r} cannot be opened: {first}",
                hint="Check that the file or the server is there and that you may write to it.",
            ) from error
        return cls(engine, url=where)

    @property
    def engine_name(self) -> Literal["sqlite", "postgresql"]:
        """Which database it lives in."""
        return "sqlite" if self._engine.dialect.name == "sqlite" else "postgresql"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent snapshot of the whole ledger, unmoved by writes that happen meanwhile."""
        connection = self._take()
        try:
            transaction = connection.begin()
            try:
                yield connection
            finally:
                transaction.rollback()
        finally:
            self._give_back(connection)

    def write(self, work: Callable[[Write], T]) -> T:
        """Run work in a write transaction and return its value once that is durable.

        What `work` raises takes back its own changes and is raised here. It runs on the writer thread, so
        it must be short and must not call `write` itself.
        """
        if self._writer.is_current():
            raise StorageError(
                "A write was started inside a write, which would wait for itself.",
                hint="Pass the `Write` on to the functions that need it.",
            )
        return self.submit(work).result()

    def submit(self, work: Callable[[Write], T]) -> Future[T]:
        """Queue work like `write`; the future resolves once it is durable."""
        return self._writer.submit(work)

    def close(self) -> None:
        """Finish queued writes and close every connection; closing twice is allowed."""
        self._writer.close()
        with self._lock:
            self._closed = True
            idle = list(self._idle)
            self._idle.clear()
        for connection in idle:
            connection.close()
        self._engine.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self) -> Connection:
        with self._lock:
            if self._closed:
                raise StorageError("The ledger is closed.", hint="Open it again before reading from it.")
            if self._idle:
                return self._idle.pop()
        return reader(self._engine)

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            if not self._closed and not connection.invalidated and len(self._idle) < _IDLE_READERS:
                self._idle.append(connection)
                return
            # The server went away: connections that lie idle went with it.
            stale = list(self._idle) if connection.invalidated else []
            if stale:
                self._idle.clear()
        for item in [connection, *stale]:
            item.close()
