"""A DuckDB connection in memory that reads what it is given, in UTC, and downloads nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

_SETTINGS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "preserve_insertion_order": "true",
    "TimeZone": "UTC",
}

SQL_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMPTZ",
    "vector": "FLOAT[]",
}
"""Declared type to the type that DuckDB reads it as."""


@contextmanager
def opened() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for the length of a block."""
    import duckdb

    connection = duckdb.connect(":memory:", config={"threads": 2})
    try:
        for name, value in _SETTINGS.items():
            connection.execute(f"SET {name} = '{value}'")
        yield connection
    finally:
        connection.close()


def quoted(name: str) -> str:
    """A column name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def arrow(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    """The result of a query as an Arrow table."""
    return connection.sql(query).to_arrow_table()


def time_us(expression: str) -> str:
    """Microseconds of a time column; without a zone it is UTC, what is no time becomes null."""
    return f"epoch_us(TRY_CAST({expression} AS TIMESTAMPTZ))"
