"""Reads rows of files: JSON lines, Parquet, or a folder that Croissant metadata describe."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.curate.datasets import columns
from headrace.curate.datasets.columns import Column, Rows, column_of
from headrace.curate.datasets.identity import row_ids, row_name
from headrace.curate.datasets.values import from_json
from headrace.errors import UsageError
from headrace.ledger.identity import digest_bytes
from headrace.records.datasets import RowInput

if TYPE_CHECKING:
    import pyarrow as pa

_OWN = {"key", "fields", "provenance", "subject", "group", "depth"}
LOSSLESS = b"headrace"
"""Metadata of Parquet files that were written here: types of columns that Parquet cannot tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Which columns of a file mean what."""

    key: str | None = None
    """Column with the key. Without it `key`, else a row is named by its content."""
    group: str | None = None
    subject: str | None = None
    """Column with the user; it does not become a field."""
    depth: int = 0
    """Generation depth of every row that does not say it."""


def read_files(paths: Sequence[Path], reading: Reading) -> Iterator[tuple[Path, Rows]]:
    """Rows of each file. Raises UsageError with the line of what cannot be read."""
    for path in paths:
        for file in _files(path):
            yield file, read_file(file, reading)


def read_file(path: Path, reading: Reading) -> Rows:
    """Rows of one file."""
    if path.suffix in (".jsonl", ".ndjson"):
        return _read_lines(path, reading)
    if path.suffix == ".parquet":
        return _read_parquet(path, reading)
    raise UsageError(
        f"{str(path)!r} is no file that rows are read from.",
        hint="Allowed: .jsonl, .parquet, or a folder with croissant.json. "
        "CSV cannot tell null from an empty text.",
    )


def _files(path: Path) -> list[Path]:
    from headrace.curate.datasets.croissant import data_files

    if path.is_dir() or path.name == "croissant.json":
        return data_files(path if path.name == "croissant.json" else path / "croissant.json")
    if not path.is_file():
        raise UsageError(
            f"There is no file {str(path)!r}.", hint="Name a .jsonl or .parquet file, or a folder."
        )
    return [path]


def _read_lines(path: Path, reading: Reading) -> Rows:
    inputs: list[RowInput] = []
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    inputs.append(_row(line, reading, f"{path.name}:{number}"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{str(path)!r} cannot be read: {error}.", hint="It has to be UTF-8.") from error
    provenance = _provenance(path)
    inputs = [_with(row, provenance) for row in inputs]
    rows = columns.of_rows(inputs, subjects=[row.subject for row in inputs])
    return _named(rows)


def _row(line: str, reading: Reading, where: str) -> RowInput:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{where} is not JSON: {error}.", hint="One object a line.") from error
    if not isinstance(value, dict):
        raise UsageError(
            f"{where} is no object.", hint='One object a line: {"question": "…", "answer": "…"}.'
        )
    if "key" in value and isinstance(value.get("fields"), dict) and set(value) <= _OWN:
        own = {
            name: value[name]
            for name in ("subject", "group", "depth", "provenance")
            if value.get(name) is not None
        }
        return RowInput(key=str(value["key"]), fields=from_json(value["fields"]), **own)
    fields = from_json(value)
    if not isinstance(fields, dict):
        raise UsageError(f"{where} is no row.", hint="One object a line.")
    key, subject, group = _take(fields, reading, where)
    return RowInput(key=key, fields=fields, subject=subject, group=group, depth=reading.depth)


def _take(fields: dict[str, Any], reading: Reading, where: str) -> tuple[str, str | None, str | None]:
    name = reading.key or "key"
    if reading.key is not None and fields.get(reading.key) is None:
        raise UsageError(f"{where} has no {reading.key!r}, which is to be its key.", hint="--key COLUMN")
    key = str(fields.pop(name)) if fields.get(name) is not None else ""
    subject = fields.pop(reading.subject, None) if reading.subject else None
    group = fields.get(reading.group) if reading.group else None
    return key, None if subject is None else str(subject), None if group is None else str(group)


def _read_parquet(path: Path, reading: Reading) -> Rows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise UsageError(f"{str(path)!r} is no Parquet file: {error}.", hint="Name another file.") from error
    return _named(of_table(table, reading, provenance=_provenance(path)))


def of_table(table: pa.Table, reading: Reading, *, provenance: Mapping[str, Any]) -> Rows:
    """Rows of Arrow columns. Times and decimals become text. Raises UsageError."""
    import pyarrow as pa

    told = json.loads((table.schema.metadata or {}).get(LOSSLESS, b"{}"))
    size = table.num_rows
    own: dict[str, Any] = told.get("own", {})
    special = {
        "key": own.get("key", reading.key or ("key" if "key" in table.column_names else None)),
        "subject": own.get("subject", reading.subject),
        "group": own.get("group", reading.group),
        "depth": own.get("depth"),
        "provenance": own.get("provenance"),
    }
    for name in special.values():
        if name is not None and name not in table.column_names:
            raise UsageError(
                f"There is no column {name!r}.", hint=f"Columns: {', '.join(table.column_names[:20])}."
            )
    kept_out = {special["key"], special["subject"], *own.values(), *told.get("missing", {}).values()}
    made = [_arrow_column(name, table, told) for name in table.column_names if name not in kept_out]

    def text(name: str | None) -> Any:
        if name is None:
            return pa.nulls(size, pa.large_string())
        return _flat(table[name]).cast(pa.large_string())

    keys = text(special["key"]).fill_null("")
    depths = pa.repeat(pa.scalar(reading.depth, pa.int32()), size)
    said = pa.repeat(pa.scalar(json.dumps(dict(provenance), sort_keys=True), pa.large_string()), size)
    return Rows(
        keys=keys,
        columns=tuple(sorted(made, key=lambda column: column.name)),
        groups=text(special["group"]),
        depths=depths if special["depth"] is None else _flat(table[special["depth"]]).cast(pa.int32()),
        subjects=text(special["subject"]),
        provenance=said if special["provenance"] is None else text(special["provenance"]),
    )


def _arrow_column(name: str, table: pa.Table, told: Mapping[str, Any]) -> Column:
    import pyarrow as pa

    values = _flat(table[name])
    missing_in = told.get("missing", {}).get(name)
    missing = _flat(table[missing_in]).cast(pa.bool_()) if missing_in else None
    if name in told.get("any", ()):
        cells = [
            columns.MISSING if lacks else None if cell is None else from_json(json.loads(cell))
            for cell, lacks in zip(
                values.to_pylist(), missing.to_pylist() if missing else [False] * len(values), strict=True
            )
        ]
        return column_of(name, cells)
    kind = values.type
    types: tuple[tuple[Any, Any], ...] = (
        (pa.types.is_boolean, "bool"), (pa.types.is_floating, "float"), (pa.types.is_string, "text"),
        (pa.types.is_large_string, "text"), (pa.types.is_binary, "bytes"),
        (pa.types.is_large_binary, "bytes"),
    )  # fmt: skip
    plain = next((told_type for test, told_type in types if test(kind)), None)
    if pa.types.is_integer(kind) and kind != pa.uint64():
        plain = "int"
    if plain is not None:
        return Column(name=name, type=plain, values=values.cast(columns.arrow_type(plain)), missing=missing)
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
        return Column(
            name=name, type="text", values=values.cast(pa.string()).cast(pa.large_string()), missing=missing
        )
    return column_of(name, values.to_pylist())


def _flat(column: Any) -> Any:
    import pyarrow as pa

    flat = column.combine_chunks()
    if isinstance(flat, pa.ChunkedArray):
        flat = pa.concat_arrays(flat.chunks) if flat.num_chunks else pa.array([], flat.type)
    return flat.dictionary_decode() if pa.types.is_dictionary(flat.type) else flat


def _named(rows: Rows) -> Rows:
    """Rows without a key are named by their content; equal ones are one row."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    unnamed = pc.equal(rows.keys, "")
    if not pc.any(unnamed).as_py():
        return rows
    names = [
        row_name(raw) if lacks else key
        for raw, lacks, key in zip(
            row_ids(rows).to_pylist(), unnamed.to_pylist(), rows.keys.to_pylist(), strict=True
        )
    ]
    _, first = np.unique(np.array(names, dtype=object), return_index=True)
    chosen = np.sort(first) if pc.all(unnamed).as_py() else np.arange(len(names))
    keyed = columns.with_keys(rows, pa.array(names, pa.large_string()))
    return keyed if len(chosen) == len(names) else keyed.take(pa.array(chosen))


def _provenance(path: Path) -> dict[str, Any]:
    return {"source": path.name, "revision": digest_bytes("blob", path.read_bytes())}


def _with(row: RowInput, provenance: Mapping[str, Any]) -> RowInput:
    if row.provenance:
        return row
    return RowInput(
        key=row.key,
        fields=row.fields,
        provenance=provenance,
        subject=row.subject,
        group=row.group,
        depth=row.depth,
    )
