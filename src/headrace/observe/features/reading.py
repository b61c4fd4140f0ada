"""Reads the source of a view with DuckDB: keys, times in microseconds and values in their declared types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.errors import ConfigError, UsageError
from headrace.observe.features.base import FeatureView
from headrace.observe.features.engine import SQL_TYPES, arrow, literal, quoted, time_us

if TYPE_CHECKING:
    import duckdb

_KEYS = "k{}"
_VALUES = "v{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What sources are opened with."""

    root: Path
    """Relative paths start here."""
    query: Callable[[str, str], Any]
    """Asks a configured database: (name, SQL) to an Arrow table."""
    function: Callable[[str], Any]
    """Calls a function of `features/`: `module:function` to an Arrow table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A source that was read."""

    rows: Any
    """An Arrow table in the order of the source: k0…, event_us, known_us, v0…"""
    keys: tuple[str, ...]
    """Its key columns."""
    values: Mapping[str, str]
    """Feature to its column."""
    types: Mapping[str, str]
    """Feature to the type that the source has it in."""
    unreadable: Mapping[str, int] = field(default_factory=dict)
    """Feature to how many of its values are not of the declared type."""


def read_source(
    connection: duckdb.DuckDBPyConnection,
    view: FeatureView,
    sources: Sources,
    columns: Sequence[str],
) -> Read:
    """Read a view. Raises ConfigError for a column that is not there, UsageError for what cannot be read."""
    import duckdb

    keys = tuple(_KEYS.format(at) for at in range(len(view.entity)))
    values = {column: _VALUES.format(at) for at, column in enumerate(columns)}
    try:
        relation = _relation(connection, view, sources, "source_rows")
        types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall()}
        _check_columns(view, columns, types)
        taken = [
            *(f"{_key(view, at)} AS {key}" for at, key in enumerate(keys)),
            f"{time_us(quoted(view.event_time))} AS event_us",
            f"{time_us(quoted(view.known_time or view.event_time))} AS known_us",
            *(f"{_value(view, column, types)} AS {given}" for column, given in values.items()),
        ]
        rows = arrow(connection, f"SELECT {', '.join(taken)} FROM {relation}")  # noqa: S608
        unreadable = _unreadable(connection, view, columns, types, relation)
    except duckdb.Error as error:
        raise UsageError(
            f"The source of feature view {view.name!r} cannot be read: {str(error).splitlines()[0]}",
            hint=f"See [source] in {f'features/{view.name}.toml'!r}: {view.source.describe()}",
        ) from error
    return Read(
        rows=rows.combine_chunks(),
        keys=keys,
        values=values,
        types={column: types[column] for column in columns},
        unreadable=unreadable,
    )


def _relation(connection: duckdb.DuckDBPyConnection, view: FeatureView, sources: Sources, name: str) -> str:
    source = view.source
    match source.kind:
        case "parquet":
            return f"read_parquet({_files(sources.root, source.text, 'parquet')}, union_by_name = true)"
        case "csv":
            files = _files(sources.root, source.text, "csv")
            # Nothing is guessed: 007 stays 007, and "" is an empty text where nothing at all is null.
            return f"read_csv({files}, header = true, all_varchar = true, allow_quoted_nulls = false)"
        case "sql":
            connection.register(name, sources.query(source.database or "", source.text))
        case "python":
            connection.register(name, sources.function(source.text))
    return name


def _files(root: Path, text: str, suffix: str) -> str:
    path = root / text
    if path.is_dir():
        found = sorted(item for item in path.rglob(f"*.{suffix}") if item.is_file())
    elif path.is_file():
        found = [path]
    else:
        top = Path(path.anchor)
        found = sorted(item for item in top.glob(str(path.relative_to(top))) if item.is_file())
    if not found:
        raise UsageError(
            f"No {suffix} files at {str(path)!r}.", hint="Name a file, a folder or a glob in [source]."
        )
    return "[" + ", ".join(literal(str(item)) for item in found) + "]"


def _check_columns(view: FeatureView, columns: Sequence[str], types: Mapping[str, str]) -> None:
    needed = [*view.entity, view.event_time, *([view.known_time] if view.known_time else []), *columns]
    for name in needed:
        if name not in types:
            raise ConfigError(
                f"The source of feature view {view.name!r} has no column {name!r}.",
                file=f"features/{view.name}.toml",
                allowed=sorted(types),
            )


def _key(view: FeatureView, at: int) -> str:
    wanted = "BIGINT" if view.key_types[at] == "integer" else "VARCHAR"
    return f"TRY_CAST({quoted(view.entity[at])} AS {wanted})"


def _value(view: FeatureView, column: str, types: Mapping[str, str]) -> str:
    wanted, given, name = SQL_TYPES[view.columns[column]], types[column], quoted(column)
    if wanted == given:
        return name
    if wanted == "BIGINT" and given in ("DOUBLE", "FLOAT"):  # a cast would round
        return f"CASE WHEN {name} = trunc({name}) THEN TRY_CAST({name} AS BIGINT) END"
    return f"TRY_CAST({name} AS {wanted})"


def _unreadable(
    connection: duckdb.DuckDBPyConnection,
    view: FeatureView,
    columns: Sequence[str],
    types: Mapping[str, str],
    relation: str,
) -> dict[str, int]:
    cast = [column for column in columns if types[column] != SQL_TYPES[view.columns[column]]]
    cast = [column for column in cast if view.columns[column] != "string"]
    if not cast:
        return {}
    counts = ", ".join(
        f"count_if({quoted(column)} IS NOT NULL AND ({_value(view, column, types)}) IS NULL)"
        for column in cast
    )
    (found,) = connection.execute(f"SELECT {counts} FROM {relation}").fetchall()  # noqa: S608
    return {column: count for column, count in zip(cast, found, strict=True) if count}
