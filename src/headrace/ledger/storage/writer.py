"""The one thread of a process that writes to its ledger, many callers to a commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from headrace.errors import DiskFull, StorageError
from headrace.ledger.clock import tick
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.storage.engine import is_busy, is_full, writer
from headrace.ledger.storage.grouping import GroupThread

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, RootTransaction

_MAX_GROUP = 256
_BUSY_SECONDS = 120.0
_BEFORE_COMMIT = declare("ledger.before_commit")
_AFTER_COMMIT = declare("ledger.after_commit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write transaction as one piece of work sees it."""

    conn: Connection
    now_us: int
    """The ledger's time, UTC microseconds, later than that of any write before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    work: Callable[[Write], Any]
    future: Future[Any]


class LedgerWriter:
    """Runs work inside write transactions; what one caller raises takes back only that caller's part."""

    def __init__(self, engine: Engine, *, where: str) -> None:
        self._engine = engine
        self._where = where
        self._connection: Connection | None = None
        self._thread: GroupThread[_Item] = GroupThread(
            self._run, name="headrace-ledger-writer", max_group=_MAX_GROUP, at_end=self._disconnect
        )

    def submit(self, work: Callable[[Write], Any]) -> Future[Any]:
        """Queue work; its future resolves once its effects are durable."""
        future: Future[Any] = Future()
        self._thread.put(_Item(work=work, future=future))
        return future

    def is_current(self) -> bool:
        """Whether the caller runs inside a piece of work."""
        return self._thread.is_current()

    def close(self) -> None:
        """Finish what is queued and close the connection."""
        self._thread.close()

    def _run(self, group: Sequence[_Item]) -> None:
        items = [item for item in group if item.future.set_running_or_notify_cancel()]
        if not items:
            return
        try:
            done = self._commit(items)
        except BaseException as error:  # noqa: BLE001 - handed to every caller that waits
            self._disconnect()
            failure = self._explain(error)
            for item in items:
                item.future.set_exception(failure)
            return
        for item, value, failed in done:
            if failed is not None:
                item.future.set_exception(failed)
            else:
                item.future.set_result(value)

    def _commit(self, items: Sequence[_Item]) -> list[tuple[_Item, Any, BaseException | None]]:
        connection, transaction, now_us = self._begin(len(items))
        done: list[tuple[_Item, Any, BaseException | None]] = []
        for offset, item in enumerate(items):
            value, failed = self._one(connection, item, now_us + offset)
            done.append((item, value, failed))
        fire(_BEFORE_COMMIT)
        transaction.commit()
        fire(_AFTER_COMMIT)
        return done

    def _one(self, connection: Connection, item: _Item, now_us: int) -> tuple[Any, BaseException | None]:
        savepoint = connection.begin_nested()
        try:
            value = item.work(Write(conn=connection, now_us=now_us))
        except BaseException as error:
            if connection.invalidated:
                raise
            try:
                savepoint.rollback()
            except DBAPIError:
                raise error from None  # the database gave up the whole transaction, as SQLite does when full
            return None, self._explain(error) if isinstance(error, DBAPIError) else error
        savepoint.commit()
        return value, None

    def _begin(self, count: int) -> tuple[Connection, RootTransaction, int]:
        give_up = time.monotonic() + _BUSY_SECONDS
        reconnected = False
        while True:
            try:
                if self._connection is None:
                    self._connection = writer(self._engine)
                transaction = self._connection.begin()
                return self._connection, transaction, tick(self._connection, count)
            except DBAPIError as error:
                # Nothing ran yet, so trying again is safe: after a lock, or on a new connection.
                lost = error.connection_invalidated and not reconnected
                self._disconnect()
                if not lost and not (is_busy(error) and time.monotonic() < give_up):
                    raise
                reconnected = reconnected or lost

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _explain(self, error: BaseException) -> BaseException:
        if is_full(error):
            explained: StorageError = DiskFull(self._where)
        elif is_busy(error):
            explained = StorageError(
                f"The ledger {self._where!r} stayed locked by another process.",
                hint="Look for a process that holds it open in a long write, then run the command again.",
            )
        elif isinstance(error, DBAPIError):
            explained = StorageError(
                f"The ledger {self._where!r} could not be written: {_first_line(error)}",
                hint="Nothing of this was confirmed. Look at the database, then run the command again.",
            )
        else:
            return error
        explained.__cause__ = error
        return explained


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().split("\n", 1)[0][:300]
