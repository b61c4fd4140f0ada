"""Connections to the database of a ledger: SQLite in a file, or PostgreSQL in a schema."""

from __future__ import annotations

import errno
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url

from headrace.errors import MissingExtra, StorageError, UsageError
from headrace.ledger.durability import make_folder

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

BUSY_MS = 5_000
"""How long SQLite itself waits for a lock before it reports that the file is busy."""

_BUSY_SECONDS = 60.0
_BEGIN = "headrace_begin"

_PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_MS}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA cache_size=-32768",
)


def parse_url(url: str) -> URL:
    """Read a database URL. Raises UsageError for anything but a SQLite file or PostgreSQL."""
    hint = "Write sqlite:///path/to/ledger.sqlite or postgresql://user@host:5432/database."
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError as error:
        raise UsageError("The ledger URL cannot be read.", hint=hint) from error
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise UsageError(f"The ledger cannot live in {backend!r}. Allowed: sqlite, postgresql.", hint=hint)
    if parsed.database in (None, "", ":memory:"):
        raise UsageError("A SQLite ledger needs a file: nothing in memory would be durable.", hint=hint)
    return parsed


def safe_url(url: URL) -> str:
    """The URL without user, password and options."""
    shown = sa.URL.create(url.drivername, host=url.host, port=url.port, database=url.database)
    return shown.render_as_string()


def make_engine(url: URL) -> Engine:
    """An engine whose transactions begin as asked; no connection is made yet."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    return _postgres_engine(url)


def reader(engine: Engine) -> Connection:
    """A connection whose every transaction is one consistent snapshot."""
    connection = engine.connect()
    if engine.dialect.name == "postgresql":
        connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return connection


def writer(engine: Engine) -> Connection:
    """A connection whose transactions may write; on SQLite they take the write lock as they begin."""
    return engine.connect().execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})


def configure_sqlite(connection: sqlite3.Connection) -> None:
    """Set up a connection so that a commit is durable and a deletion leaves nothing behind."""
    give_up = time.monotonic() + _BUSY_SECONDS
    for pragma in _PRAGMAS:
        while True:
            try:
                connection.execute(pragma).close()
                break
            except sqlite3.OperationalError as error:
                # SQLite does not wait for the lock that the first switch to WAL takes.
                if not is_busy(error) or time.monotonic() > give_up:
                    raise
                time.sleep(0.01)


OPEN_ERRORS = (sa.exc.DBAPIError, sqlite3.Error, OSError)
"""What opening a database can raise, before and after SQLAlchemy has wrapped it."""


def cannot_open(what: str, where: str, error: BaseException) -> StorageError:
    """The error to raise when a database cannot be opened."""
    if isinstance(error, OSError):
        first = error.strerror or str(error)
    else:
        first = str(getattr(error, "orig", error)).strip().split("\n", 1)[0][:300]
    return StorageError(
        f"The {what} {where!r} cannot be opened: {first}",
        hint="Check that the file or the server is there, is what you think, and that you may write to it.",
    )


def is_busy(error: BaseException) -> bool:
    """Whether another process holds a lock of SQLite."""
    cause = getattr(error, "orig", error)
    code = getattr(cause, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_full(error: BaseException) -> bool:
    """Whether the database or the system reports that there is no space left."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOSPC
    cause = getattr(error, "orig", error)
    if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return True
    return getattr(cause, "sqlstate", None) == "53100"


def _sqlite_engine(url: URL) -> Engine:
    path = Path(str(url.database))
    make_folder(path.parent)
    engine = sa.create_engine(
        url, poolclass=sa.pool.NullPool, connect_args={"check_same_thread": False, "isolation_level": None}
    )
    event.listen(engine, "connect", lambda connection, _record: configure_sqlite(connection))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _postgres_engine(url: URL) -> Engine:
    query = dict(url.query)
    schema = query.pop("headrace_schema", None)
    arguments: dict[str, Any] = {}
    if schema:
        given = query.pop("options", "")
        arguments["options"] = f"{given} -csearch_path={schema_name(url)}".strip()
    try:
        engine = sa.create_engine(url.set(query=query), poolclass=sa.pool.NullPool, connect_args=arguments)
    except ModuleNotFoundError as error:
        raise MissingExtra("A ledger on PostgreSQL", extra="postgres") from error
    return engine


def schema_name(url: URL) -> str | None:
    """The PostgreSQL schema that `headrace_schema` names, if it does."""
    schema = url.query.get("headrace_schema")
    if schema is None:
        return None
    if not isinstance(schema, str) or not schema.isidentifier() or schema != schema.lower():
        raise UsageError(
            f"headrace_schema is {schema!r}; it must be a lowercase name of letters, digits and underscores."
        )
    return schema
