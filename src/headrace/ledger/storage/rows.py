"""Write and read many rows at once with the same statements on both engines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

T = TypeVar("T")

_IN_LIST = 500
"""Values in one IN list: old builds of SQLite allow 999 variables."""


def upsert(conn: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows in column order; one whose primary key exists is replaced."""
    _many(conn, table, rows, replace=True)


def insert_new(conn: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows in column order; one whose primary key exists is left as it is."""
    _many(conn, table, rows, replace=False)


def slices(values: Sequence[T], size: int = _IN_LIST) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces that fit an IN list."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def delete_in(conn: Connection, column: sa.Column[str], values: Sequence[str], **equal: str) -> None:
    """Delete rows whose `column` is one of the values and whose other columns equal `equal`."""
    table = column.table
    assert isinstance(table, sa.Table)
    fixed = [table.c[name] == value for name, value in equal.items()]
    for part in slices(values):
        conn.execute(sa.delete(table).where(*fixed, column.in_(part)))


def to_json(value: Mapping[str, Any]) -> str:
    """Canonical JSON: sorted keys, no spaces."""
    if not value:
        return "{}"
    return json.dumps(dict(value), sort_keys=True, separators=(",", ":"))


def from_json(text: str) -> dict[str, Any]:
    """Read back what `to_json` wrote."""
    if text == "{}":
        return {}
    value: dict[str, Any] = json.loads(text)
    return value


def storable(text: str) -> str:
    """A message both engines accept: NUL and lone surrogates become U+FFFD."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _many(conn: Connection, table: Table, rows: Sequence[tuple[Any, ...]], *, replace: bool) -> None:
    if rows:
        conn.exec_driver_sql(_statement(table, conn.dialect.name, replace), list(rows))


@lru_cache(maxsize=64)
def _statement(table: Table, dialect: str, replace: bool) -> str:
    # Plain driver SQL: Core's row-by-row parameter handling costs more than the inserts themselves.
    mark = "?" if dialect == "sqlite" else "%s"
    names = [column.name for column in table.columns]
    key = [column.name for column in table.primary_key.columns]
    others = [name for name in names if name not in key]
    then = "DO NOTHING"
    if replace and others:
        then = "DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in others)
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))}) "  # noqa: S608 - names of our own tables
        f"ON CONFLICT ({', '.join(key)}) {then}"
    )
