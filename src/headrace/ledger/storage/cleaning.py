"""Make sure that what was deleted from a database is gone from its log and its free pages as well."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from headrace.errors import StorageError
from headrace.ledger.storage.engine import configure_sqlite

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from headrace.ledger.ledger import Ledger

_WAIT_SECONDS = 10.0
_LOCK_TIMEOUT = "3s"


def clean_ledger(ledger: Ledger, names: Collection[str]) -> None:
    """Empty the log of an SQLite ledger, or rewrite these tables of a PostgreSQL one."""
    if ledger.engine_name == "sqlite":
        truncate_log(Path(str(ledger.engine.url.database)))
    else:
        vacuum_full(ledger.engine, names)


def truncate_log(path: Path) -> None:
    """Move the write-ahead log of a SQLite file into it and cut the log to nothing.

    Raises StorageError when a reader keeps it from ending for 10 seconds.
    """
    give_up = time.monotonic() + _WAIT_SECONDS
    with closing(sqlite3.connect(path, timeout=1.0, isolation_level=None)) as connection:
        configure_sqlite(connection)
        while True:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
            if time.monotonic() > give_up:
                raise StorageError(
                    f"The log of {path.name!r} could not be emptied: somebody reads from it all the time.",
                    hint="Run `headrace forget --due` when that reader is gone; it goes on from there.",
                )
            time.sleep(0.05)


def vacuum(path: Path) -> None:
    """Rewrite a whole SQLite file, so that nothing lies between its rows."""
    with closing(sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
        configure_sqlite(connection)
        connection.execute("VACUUM")
    truncate_log(path)


def vacuum_full(engine: Engine, names: Collection[str]) -> None:
    """Rewrite tables of PostgreSQL; a table that is in use all the time is vacuumed without a rewrite."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
        try:
            for name in sorted(names):
                try:
                    connection.exec_driver_sql(f'VACUUM (FULL) "{name}"')
                except sa.exc.OperationalError:
                    connection.exec_driver_sql(f'VACUUM "{name}"')
        finally:
            connection.exec_driver_sql("RESET lock_timeout")
