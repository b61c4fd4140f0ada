"""Write traces to a file, whole, for other programs."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from headrace.errors import UsageError
from headrace.flows.traces.filters import TraceFilter
from headrace.flows.traces.parts import TraceParts
from headrace.flows.traces.selecting import permitted
from headrace.ledger.consents import Purpose
from headrace.ledger.durability import fsync_path
from headrace.ledger.events.cold.files import COLUMNS, table_of
from headrace.ledger.events.encoding import encode_span
from headrace.observe.traces.listing import page
from headrace.records.call import SpanEvent
from headrace.records.traces import TraceExport

_PAGE = 200


def export(
    parts: TraceParts, out: Path, asked: TraceFilter, *, purpose: Purpose | None, limit: int | None
) -> TraceExport:
    """Write every span of the traces that meet the conditions, as JSONL or Parquet by the name of the file.

    With a purpose only traces that may serve it. The file is there whole or not at all. Raises UsageError.
    """
    if out.suffix not in (".jsonl", ".parquet"):
        raise UsageError(
            f"{str(out)!r} names no kind of file.", hint="Give a name ending in .jsonl or .parquet."
        )
    part = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
    counted = [0, 0]
    try:
        with part.open("xb") as file:
            write = _parquet if out.suffix == ".parquet" else _jsonl
            write(file, _traces(parts, asked, purpose, limit, counted))
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
        fsync_path(out.parent)
    except OSError as error:
        raise UsageError(f"{str(out)!r} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return TraceExport(out=str(out), traces=counted[0], spans=counted[1], bytes=out.stat().st_size)


def _traces(
    parts: TraceParts, asked: TraceFilter, purpose: Purpose | None, limit: int | None, counted: list[int]
) -> Iterator[list[SpanEvent]]:
    query, place = asked.query(parts), None
    while True:
        found, place = page(parts.events, query, place=place, limit=_PAGE)
        kept = None if purpose is None else permitted(parts, purpose, found)
        for first in found:
            if limit is not None and counted[0] >= limit:
                return
            if kept is None or first.trace_id in kept:
                spans = parts.events.trace(first.trace_id)
                counted[0] += 1
                counted[1] += len(spans)
                yield spans
        if place is None:
            return


def _jsonl(file: IO[bytes], traces: Iterator[list[SpanEvent]]) -> None:
    for spans in traces:
        for span in spans:
            values = dict(zip(COLUMNS, encode_span(span).row, strict=True))
            values |= {name: json.loads(values[name]) for name in ("attributes", "refs")}
            file.write(json.dumps(values, ensure_ascii=True).encode() + b"\n")


def _parquet(file: IO[bytes], traces: Iterator[list[SpanEvent]]) -> None:
    import pyarrow.parquet as pq

    rows: list[Any] = []
    with pq.ParquetWriter(file, table_of([]).schema, compression="zstd") as writer:
        for spans in traces:
            rows += [encode_span(span).row for span in spans]
            if len(rows) >= 10_000:
                writer.write_table(table_of(rows))
                rows = []
        writer.write_table(table_of(rows))
