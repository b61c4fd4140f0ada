"""Asks configured databases and the functions of a workspace for rows."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.errors import ConfigError, UsageError

if TYPE_CHECKING:
    import sqlalchemy as sa

_ROWS = 50_000
_FUNCTION = re.compile(r"([A-Za-z_]\w*):([A-Za-z_]\w*)")


def query(databases: Mapping[str, str], name: str, text: str) -> Any:
    """The result of a query as an Arrow table, in a transaction that cannot write. Raises UsageError."""
    import pyarrow as pa
    import sqlalchemy as sa

    engine = sa.create_engine(databases[name])
    try:
        with engine.connect() as connection:
            result = _read_only(connection).execution_options(stream_results=True).execute(sa.text(text))
            names = list(result.keys())
            parts = [_table(names, rows) for rows in result.partitions(_ROWS)]
    except (sa.exc.SQLAlchemyError, pa.ArrowInvalid) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise UsageError(
            f"Database {name!r} did not answer the query: {reason}",
            hint="See [features.databases] in headrace.toml and [source] of the view.",
        ) from error
    finally:
        engine.dispose()
    if not parts:
        return pa.table({column: pa.array([], pa.string()) for column in names})
    return pa.concat_tables(parts, promote_options="permissive")


def _read_only(connection: sa.Connection) -> sa.Connection:
    if connection.dialect.name == "postgresql":
        return connection.execution_options(postgresql_readonly=True)
    connection.exec_driver_sql("PRAGMA query_only = ON")
    return connection


def _table(names: list[str], rows: Any) -> Any:
    import pyarrow as pa

    columns = list(zip(*rows, strict=True))
    return pa.table({name: pa.array(column) for name, column in zip(names, columns, strict=True)})


def call(folder: Path, text: str) -> Any:
    """The Arrow table that a function of the workspace gives. Raises ConfigError."""
    import pyarrow as pa

    found = _FUNCTION.fullmatch(text.strip())
    file = folder / f"{found[1]}.py" if found else None
    if found is None or file is None or not file.is_file():
        raise ConfigError(
            f"{text!r} names no function.", file=str(folder), allowed=["FILE:FUNCTION, of features/FILE.py"]
        )
    spec = importlib.util.spec_from_file_location(f"headrace_features_{found[1]}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        table = getattr(module, found[2])()
    except Exception as error:
        raise UsageError(
            f"{text!r} failed: {type(error).__name__}: {error}", hint=f"See {str(file)!r}."
        ) from error
    if not isinstance(table, pa.Table):
        raise ConfigError(f"{text!r} gave {type(table).__name__}, not a pyarrow.Table.", file=str(file))
    return table
