"""Reads the rows of a table: JSONL, CSV, TSV (each also as .gz) and Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import BinaryIO, NamedTuple, TypeVar

from headrace.errors import ReadError

MAX_ROW_BYTES = 64_000_000
SUFFIXES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
_BATCH_ROWS = 4096
Line = TypeVar("Line", str, bytes)


class Row(NamedTuple):
    """One row, or what was wrong with it."""

    number: int
    """Line of the file (where the row ends), or for Parquet the row; the first is 1."""
    values: Mapping[str, object]
    error: str = ""


class Table(NamedTuple):
    """A table and what is wanted of it."""

    file: BinaryIO
    path: str
    """Tells the layout, and names the table in messages."""
    columns: Sequence[str]
    """Columns that the table must have."""
    max_bytes: int
    """Uncompressed bytes read at most."""


def read_rows(table: Table) -> Iterator[Row]:
    """The rows in order. Raises ReadError for what makes the rest of the table unreadable."""
    lowered = table.path.lower()
    packed = lowered.endswith(".gz")
    suffix = next((item for item in SUFFIXES if lowered.removesuffix(".gz").endswith(item)), None)
    if suffix is None or (packed and suffix == ".parquet"):
        raise ReadError(
            f"{table.path!r} is not a table that records are read from.",
            hint=f"Its name must end in one of {', '.join(SUFFIXES)}; all but Parquet also with .gz.",
        )
    if suffix == ".parquet":
        yield from _parquet(table)
        return
    file = io.BufferedReader(gzip.GzipFile(fileobj=table.file)) if packed else table.file
    try:
        if suffix in (".jsonl", ".ndjson"):
            yield from _jsonl(table._replace(file=file))
        else:
            yield from _delimited(table._replace(file=file), "\t" if suffix == ".tsv" else ",")
    except (OSError, EOFError, zlib.error) as error:
        raise ReadError(f"{table.path!r} cannot be read to its end: {error}.") from error


def check_columns(table: Table, found: Sequence[str]) -> None:
    """Raise ReadError for a column that is missing, naming the nearest one."""
    for column in table.columns:
        if column not in found:
            nearest = get_close_matches(column, found, n=1, cutoff=0.5)
            raise ReadError(
                f"{table.path!r} has no column {column!r}. Columns: {', '.join(map(repr, found[:40]))}.",
                hint=f"Did you mean {nearest[0]!r}?" if nearest else "Correct the columns of the source.",
            )
        if found.count(column) > 1:
            raise ReadError(f"{table.path!r} has {found.count(column)} columns named {column!r}.")


def _jsonl(table: Table) -> Iterator[Row]:
    for number, line in enumerate(_lines(table, table.file.readline), start=1):
        raw = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not raw.strip():
            continue
        try:
            values = json.loads(raw.decode("utf-8"))
        except UnicodeDecodeError as error:
            yield Row(number, {}, f"not UTF-8 at byte {error.start + 1} of the line")
        except json.JSONDecodeError as error:
            yield Row(number, {}, f"not JSON: {error.msg} at character {error.colno}")
        except (ValueError, RecursionError) as error:
            yield Row(number, {}, f"JSON that cannot be read: {error}")
        else:
            if isinstance(values, dict):
                yield Row(number, values)
            else:
                yield Row(number, {}, f"a JSON {type(values).__name__}, not an object")


def _delimited(table: Table, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(MAX_ROW_BYTES)  # one limit for the process; the default of 128 KiB is a page of text
    mark = table.file.peek(2)[:2] if isinstance(table.file, io.BufferedReader) else b""
    encoding = "utf-16" if mark in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = io.TextIOWrapper(table.file, encoding=encoding, errors="surrogateescape", newline="")
    reader = csv.reader(_lines(table, text.readline), delimiter=delimiter, strict=True)
    try:
        header = next(reader, None)
        if header is None:
            raise ReadError(f"{table.path!r} is empty: not even a line with the names of the columns.")
        check_columns(table, header)
        yield from _cells(reader, header)
    except csv.Error as error:
        raise ReadError(f"{table.path!r} line {reader.line_num}: {error}.") from error
    finally:
        text.detach()


def _cells(reader: Iterator[list[str]], header: Sequence[str]) -> Iterator[Row]:
    while True:
        number = reader.line_num + 1  # type: ignore[attr-defined]
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Row(number, {}, str(error))
            continue
        number = reader.line_num  # type: ignore[attr-defined]
        if cells is None:
            return
        if cells and len(cells) != len(header):
            yield Row(number, {}, f"{len(cells)} cells where the header has {len(header)}")
        elif cells:
            yield Row(number, dict(zip(header, cells, strict=True)))


def _lines(table: Table, readline: Callable[[int], Line]) -> Iterator[Line]:
    total = 0
    while line := readline(MAX_ROW_BYTES + 1):
        total += len(line)
        if len(line) > MAX_ROW_BYTES:
            raise ReadError(f"{table.path!r} has a line of more than {MAX_ROW_BYTES} bytes.")
        if total > table.max_bytes:
            raise ReadError(
                f"{table.path!r} holds more than {table.max_bytes} bytes; the rest was not read.",
                hint="Raise max_bytes of the source.",
            )
        yield line


def _parquet(table: Table) -> Iterator[Row]:
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(table.file)
        meta = file.metadata
        size = sum(meta.row_group(group).total_byte_size for group in range(meta.num_row_groups))
        if size > table.max_bytes:
            raise ReadError(
                f"{table.path!r} holds {size} bytes uncompressed; at most {table.max_bytes} are read.",
                hint="Raise max_bytes of the source.",
            )
        check_columns(table, file.schema_arrow.names)
        number = 0
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=list(table.columns)):
            for values in batch.to_pylist():
                number += 1
                yield Row(number, values)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise ReadError(f"{table.path!r} is not readable Parquet: {error}.") from error
