"""Many rows at once, as typed Arrow columns in which missing, null and every kind of value stay apart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from headrace.errors import UsageError
from headrace.ledger.identity import decode, encode
from headrace.records.datasets import RowInput

if TYPE_CHECKING:
    import pyarrow as pa

Type = Literal["int", "float", "text", "bool", "bytes", "any"]
_OF_PYTHON: Mapping[type, Type] = {int: "int", float: "float", str: "text", bool: "bool", bytes: "bytes"}
_INT64 = 1 << 63
MISSING: Any = object()
"""Stands for a value that is not there at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `any` holds CBOR of values of several kinds, or of lists, maps and large whole numbers."""

    name: str
    type: Type
    values: pa.Array
    """Null where the value is null or missing; of `any` only where it is missing."""
    missing: pa.Array | None
    """True where the row has no such field; None where every row has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows as columns of the same length."""

    keys: pa.Array
    columns: tuple[Column, ...]
    """By name."""
    groups: pa.Array
    depths: pa.Array
    subjects: pa.Array
    provenance: pa.Array
    """JSON texts."""

    def __len__(self) -> int:
        return len(self.keys)

    def column(self, name: str) -> Column | None:
        """A column by its name."""
        return next((column for column in self.columns if column.name == name), None)

    def take(self, places: Any) -> Rows:
        """Some of the rows, in the order of `places`."""
        return Rows(
            keys=self.keys.take(places),
            columns=tuple(
                Column(
                    name=column.name,
                    type=column.type,
                    values=column.values.take(places),
                    missing=None if column.missing is None else column.missing.take(places),
                )
                for column in self.columns
            ),
            groups=self.groups.take(places),
            depths=self.depths.take(places),
            subjects=self.subjects.take(places),
            provenance=self.provenance.take(places),
        )


def arrow_type(kind: Type) -> pa.DataType:
    """How values of a type are kept."""
    import pyarrow as pa

    return {
        "int": pa.int64(),
        "float": pa.float64(),
        "text": pa.large_string(),
        "bool": pa.bool_(),
        "bytes": pa.large_binary(),
        "any": pa.large_binary(),
    }[kind]


def of_rows(rows: Sequence[RowInput], *, subjects: Sequence[str | None]) -> Rows:
    """Columns of rows in memory. Raises UsageError for a value that a row cannot hold."""
    import pyarrow as pa

    names = sorted({name for row in rows for name in row.fields})
    columns = [column_of(name, [row.fields.get(name, MISSING) for row in rows]) for name in names]
    provenance = [_provenance(row.provenance) for row in rows]
    return Rows(
        keys=_texts([row.key for row in rows], "key"),
        columns=tuple(columns),
        groups=_texts([row.group for row in rows], "group"),
        depths=pa.array([row.depth for row in rows], pa.int32()),
        subjects=pa.array(subjects, pa.large_string()),
        provenance=_texts(provenance, "provenance"),
    )


def column_of(name: str, values: Sequence[Any]) -> Column:
    """One column of Python values; `MISSING` where there is none."""
    import pyarrow as pa

    kinds = {type(value) for value in values}
    lacks = object in kinds
    missing = pa.array([value is MISSING for value in values], pa.bool_()) if lacks else None
    found = kinds - {object, type(None)}
    if len(found) == 1 and (only := next(iter(found))) in _OF_PYTHON:
        kind = _OF_PYTHON[only]
        if kind != "int" or all(value in (None, MISSING) or -_INT64 <= value < _INT64 for value in values):
            plain = [None if value is MISSING else value for value in values] if lacks else list(values)
            try:
                return Column(name=name, type=kind, values=pa.array(plain, arrow_type(kind)), missing=missing)
            except (UnicodeEncodeError, pa.ArrowInvalid) as error:
                raise _refused(name, error) from error
    cells = [None if value is MISSING else _encoded(name, value) for value in values]
    return Column(name=name, type="any", values=pa.array(cells, pa.large_binary()), missing=missing)


def python_values(column: Column) -> list[Any]:
    """The values of a column in Python; `MISSING` where there is none."""
    values: list[Any] = column.values.to_pylist()
    if column.type == "any":
        values = [None if value is None else decode(value) for value in values]
    if column.missing is None:
        return values
    lacks = column.missing.to_pylist()
    return [MISSING if lack else value for value, lack in zip(values, lacks, strict=True)]


def is_missing(value: Any) -> bool:
    """Whether a value of `python_values` stands for no value at all."""
    return value is MISSING


def fields_of(rows: Rows) -> list[dict[str, Any]]:
    """The fields of each row."""
    fields: list[dict[str, Any]] = [{} for _ in range(len(rows))]
    for column in rows.columns:
        for row, value in zip(fields, python_values(column), strict=True):
            if value is not MISSING:
                row[column.name] = value
    return fields


def to_inputs(rows: Rows) -> Iterator[RowInput]:
    """The rows as they were given."""
    parts = (rows.keys, rows.groups, rows.depths, rows.subjects, rows.provenance)
    plain = [part.to_pylist() for part in parts]
    for fields, key, group, depth, subject, provenance in zip(fields_of(rows), *plain, strict=True):
        yield RowInput(
            key=key or "",
            fields=fields,
            provenance=json.loads(provenance or "{}"),
            subject=subject,
            group=group,
            depth=depth or 0,
        )


def concat(parts: Sequence[Rows]) -> Rows:
    """Rows of several batches, one after the other; a column that one lacks is missing there."""
    import pyarrow as pa

    if len(parts) == 1:
        return parts[0]
    names = sorted({column.name for part in parts for column in part.columns})
    return Rows(
        keys=_joined([part.keys for part in parts], pa.large_string()),
        columns=tuple(_concat_column(name, parts) for name in names),
        groups=_joined([part.groups for part in parts], pa.large_string()),
        depths=_joined([part.depths for part in parts], pa.int32()),
        subjects=_joined([part.subjects for part in parts], pa.large_string()),
        provenance=_joined([part.provenance for part in parts], pa.large_string()),
    )


def nothing() -> Rows:
    """No rows."""
    return of_rows([], subjects=[])


def as_any(column: Column) -> Column:
    """The column with each value as CBOR."""
    import pyarrow as pa

    if column.type == "any":
        return column
    cells = [None if value is MISSING else encode(value) for value in python_values(column)]
    values = pa.array(cells, pa.large_binary())
    return Column(name=column.name, type="any", values=values, missing=column.missing)


def _concat_column(name: str, parts: Sequence[Rows]) -> Column:
    import pyarrow as pa

    found = [part.column(name) for part in parts]
    types = {column.type for column in found if column is not None}
    kind: Type = next(iter(types)) if len(types) == 1 else "any"
    values, missing = [], []
    for column, part in zip(found, parts, strict=True):
        size = len(part)
        if column is None:
            values.append(pa.nulls(size, arrow_type(kind)))
            missing.append(pa.repeat(pa.scalar(True), size))
            continue
        same = column if column.type == kind else as_any(column)
        values.append(same.values)
        missing.append(pa.repeat(pa.scalar(False), size) if same.missing is None else same.missing)
    lacks = _joined(missing, pa.bool_())
    return Column(
        name=name,
        type=kind,
        values=_joined(values, arrow_type(kind)),
        missing=lacks if lacks.true_count else None,
    )


def _joined(arrays: Iterable[Any], kind: Any) -> Any:
    import pyarrow as pa

    return pa.concat_arrays([array.cast(kind) for array in arrays] or [pa.array([], kind)])


def _texts(values: Sequence[str | None], what: str) -> Any:
    import pyarrow as pa

    try:
        return pa.array(values, pa.large_string())
    except (UnicodeEncodeError, pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise _refused(what, error) from error


def _encoded(name: str, value: Any) -> bytes:
    try:
        return encode(value)
    except (TypeError, ValueError) as error:
        raise _refused(name, error) from error


def _provenance(given: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(given), sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise _refused("provenance", error) from error


def _refused(name: str, error: Exception) -> UsageError:
    return UsageError(
        f"The column {name!r} has a value that a row cannot hold: {error}",
        hint="Allowed: None, bool, int, float, str, bytes, and lists and maps of these. Write times as text.",
    )


def with_subjects(rows: Rows, subjects: pa.Array) -> Rows:
    """The rows, of other users."""
    return Rows(
        keys=rows.keys,
        columns=rows.columns,
        groups=rows.groups,
        depths=rows.depths,
        subjects=subjects,
        provenance=rows.provenance,
    )


def with_keys(rows: Rows, keys: pa.Array) -> Rows:
    """The rows under other keys."""
    return Rows(
        keys=keys,
        columns=rows.columns,
        groups=rows.groups,
        depths=rows.depths,
        subjects=rows.subjects,
        provenance=rows.provenance,
    )
