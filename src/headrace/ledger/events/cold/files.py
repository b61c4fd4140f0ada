"""Rows of spans as Parquet files, with the columns of the event store."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from headrace.ledger.blobs import Files
from headrace.ledger.events.cold.catalog import ColdFile, State
from headrace.ledger.events.cold.sieve import make_sieve
from headrace.ledger.events.encoding import SPAN_COLUMNS, day_name
from headrace.ledger.identity import digest_bytes

COLUMNS = tuple(SPAN_COLUMNS.split(", "))
_NUMBERS = frozenset({"start_ns", "end_ns", "input_tokens", "output_tokens", "cost_micro"})
_GROUP_ROWS = 1_024
FILE_ROWS = 50_000
"""Spans in a file at most."""

Row = Sequence[Any]
"""A span in the order of SPAN_COLUMNS."""


def write_rows(files: Files, day: int, rows: Sequence[Row], *, state: State = "live") -> list[ColdFile]:
    """Write spans of a day into files that are durable and that nobody knows of yet."""
    ordered = sorted(rows, key=lambda row: (row[0], row[5], row[1]))
    parts = [ordered[start : start + FILE_ROWS] for start in range(0, len(ordered), FILE_ROWS)]
    return [_write(files, day, part, state) for part in parts]


def _write(files: Files, day: int, rows: Sequence[Row], state: State) -> ColdFile:
    data = _parquet(rows)
    path = f"{day_name(day)}/{digest_bytes('spans', data)}.parquet"
    files.write([(path, data)])
    ends = [row[6] for row in rows]
    return ColdFile(
        path=path,
        day=day,
        state=state,
        spans=len(rows),
        size_bytes=len(data),
        first_end_ns=min(ends),
        last_end_ns=max(ends),
        sieve=make_sieve(_words(rows)),
    )


def _words(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield row[0]
        for _, ref in json.loads(row[-1]):
            yield ref


def _parquet(rows: Sequence[Row]) -> bytes:
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(table_of(rows), sink, compression="zstd", row_group_size=_GROUP_ROWS)
    return sink.getvalue()


def table_of(rows: Sequence[Row]) -> Any:
    """Spans as an Arrow table with the columns of the event store."""
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else ([] for _ in COLUMNS)
    arrays = [
        pa.array(values, type=pa.int64() if name in _NUMBERS else pa.large_string())
        for name, values in zip(COLUMNS, columns, strict=True)
    ]
    return pa.table(arrays, names=list(COLUMNS))


def read_rows(
    files: Files, file: ColdFile, columns: Sequence[str] = COLUMNS, *, traces: Collection[str] | None = None
) -> list[tuple[Any, ...]]:
    """Rows of a file, all or those of some traces. Raises FileNotFoundError where it is gone."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    wanted = list(dict.fromkeys(columns))
    with pq.ParquetFile(source_of(files, file)) as opened:
        if traces is None:
            table = opened.read(columns=wanted, use_threads=False)
        else:
            needed = list(dict.fromkeys(["trace_id", *wanted]))
            table = opened.read_row_groups(_groups(opened, traces), columns=needed, use_threads=False)
            table = table.filter(pc.is_in(table["trace_id"], pa.array(sorted(traces), pa.large_string())))
    return list(zip(*(table.column(name).to_pylist() for name in columns), strict=True))


def _groups(opened: Any, traces: Collection[str]) -> list[int]:
    """Row groups that can hold one of these traces: rows are sorted by trace."""
    found = []
    for number in range(opened.num_row_groups):
        bounds = opened.metadata.row_group(number).column(0).statistics
        if bounds is None or any(bounds.min <= trace <= bounds.max for trace in traces):
            found.append(number)
    return found


def source_of(files: Files, file: ColdFile) -> Any:
    """What Parquet readers take: a local path, or the bytes. Raises FileNotFoundError where it is gone."""
    path = files.local(file.path)
    if path is not None:
        if not path.exists():
            raise FileNotFoundError(file.path)
        return str(path)
    data = files.read(file.path)
    if data is None:
        raise FileNotFoundError(file.path)
    import pyarrow as pa

    return pa.BufferReader(data)
