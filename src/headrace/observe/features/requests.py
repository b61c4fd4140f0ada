"""Files of requests, and of what a join adds to them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.errors import UsageError
from headrace.observe.features.engine import arrow, literal, opened

_ALLOWED = "A file that ends in .parquet or .csv."


def read_table(path: Path) -> Any:
    """A file of requests as an Arrow table; every column of a CSV file is text. Raises UsageError."""
    import duckdb

    if path.suffix not in (".parquet", ".csv"):
        raise UsageError(f"{str(path)!r} is no file of requests.", hint=_ALLOWED)
    if not path.is_file():
        raise UsageError(f"There is no file {str(path)!r}.", hint=_ALLOWED)
    name = literal(str(path))
    options = ", header = true, all_varchar = true, allow_quoted_nulls = false"
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq

            return pq.read_table(path)
        with opened() as connection:
            return arrow(connection, f"SELECT * FROM read_csv({name}{options})")  # noqa: S608
    except (duckdb.Error, OSError, ValueError) as error:
        raise UsageError(
            f"{str(path)!r} cannot be read: {str(error).splitlines()[0]}", hint=_ALLOWED
        ) from error


def table_of(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Rows of JSON values as an Arrow table. Raises UsageError where a column has values of several kinds."""
    import pyarrow as pa

    names = dict.fromkeys(name for row in rows for name in row)
    try:
        return pa.table({name: [row.get(name) for row in rows] for name in names})
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise UsageError(f"The rows are no table: {error}.") from error


def check_out(path: Path) -> Path:
    """A file that can be written. Raises UsageError."""
    if path.suffix not in (".parquet", ".csv"):
        raise UsageError(f"{str(path)!r} cannot be written.", hint=_ALLOWED)
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {str(path.parent)!r}.", hint="Make it first.")
    return path


def write_table(table: Any, path: Path) -> None:
    """Write a table whole or not at all; lists become JSON in a CSV file."""
    part = path.with_name(f".{path.name}.part")
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq

            pq.write_table(table, part)
        else:
            with opened() as connection:
                connection.register("joined", _flat(table))
                connection.execute(f"COPY joined TO {literal(str(part))} (FORMAT csv, HEADER)")
        os.replace(part, path)
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


def _flat(table: Any) -> Any:
    import json

    import pyarrow as pa

    for at, item in enumerate(table.schema):
        if pa.types.is_nested(item.type):
            texts = [None if value is None else json.dumps(value) for value in table.column(at).to_pylist()]
            table = table.set_column(at, item.name, pa.array(texts, pa.string()))
    return table
