"""Put what arrives of a span into what is kept of it, in the transaction that reads the span."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from headrace.errors import StorageError
from headrace.ledger.events.encoding import (
    DAY_NS,
    LINK_COLUMNS,
    SPAN_COLUMNS,
    EncodedSpan,
    day_of,
    decode_span,
    encode_span,
    insert_into,
)
from headrace.ledger.events.erasing import Tables
from headrace.ledger.storage.rows import slices
from headrace.records.call import SpanEvent

_MOST_ROUNDS = 20
MOST_DAYS = 8
"""A span may be kept under another day than the one in which what arrives ends: so many are looked at."""

Insert = Callable[[Sequence[EncodedSpan]], int]
"""Inserts spans with their links, but for those that are there; returns how many were inserted."""

_START, _END = 5, 6
_PLACE = "trace_id = ? AND span_id = ? AND end_ns = ?"
_MINE = (
    f"WITH mine (t, s) AS (VALUES %s) SELECT {SPAN_COLUMNS} "  # noqa: S608 - our names
    "FROM %s, mine WHERE trace_id = t AND span_id = s"
)


def merge_spans(tables: Tables, spans: Sequence[EncodedSpan], insert: Insert) -> None:
    """Merge spans into those that are there; those of which there is nothing yet are inserted together."""
    waiting = by_id(spans)
    for _ in range(_MOST_ROUNDS if waiting else 0):
        for row in list(existing(tables, list(waiting.values()))):
            arriving = waiting.pop((row[0], row[1]), None)
            if arriving is not None:
                _put(tables, decode_span(row), arriving)
        # Not there, and yet not inserted: another process was faster, so its span is there now.
        if not waiting or insert(list(waiting.values())) == len(waiting):
            return
    if waiting:
        raise StorageError(
            f"{len(waiting)} spans could not be merged: others change them all the time.",
            hint="They were not confirmed; send them again.",
        )


def existing(tables: Tables, spans: Sequence[EncodedSpan]) -> Iterator[Sequence[Any]]:
    """The rows that are kept of these spans, whenever they ended."""
    low, high = days_around(spans)
    bounds = f" AND end_ns >= {low * DAY_NS} AND end_ns < {(high + 1) * DAY_NS}{tables.lock}"
    for part in slices(spans):
        marks = ", ".join(["(?, ?)"] * len(part))
        values = [value for span in part for value in span.row[:2]]
        yield from tables.select(_MINE % (marks, tables.spans) + bounds, values)


def days_around(spans: Iterable[EncodedSpan]) -> tuple[int, int]:
    """The first and the last day in which something may be kept of these spans."""
    first = min(min(max(day_of(span.row[_START]), span.day - MOST_DAYS), span.day) for span in spans)
    return first - 1, max(span.day for span in spans) + 1


def merged(kept: SpanEvent, arriving: EncodedSpan) -> EncodedSpan:
    """One span of both: its ids are theirs, and it ends when one of them does."""
    if arriving.merge is None:
        return arriving
    new = decode_span(arriving.row)
    both = arriving.merge(kept, new)
    end_ns = both.end_ns if both.end_ns == new.end_ns else kept.end_ns
    both = replace(both, trace_id=kept.trace_id, span_id=kept.span_id, end_ns=end_ns)
    return encode_span(both, merge=arriving.merge)


def remove(tables: Tables, ids: Collection[tuple[str, str]]) -> None:
    """Take away what was kept of spans here, as it lies elsewhere now."""
    for trace_id, span_id in ids:
        for table in (tables.spans, tables.refs):
            tables.execute(
                f"DELETE FROM {table} WHERE trace_id = ? AND span_id = ?",  # noqa: S608 - our names
                (trace_id, span_id),
            )


def by_id(spans: Sequence[EncodedSpan]) -> dict[tuple[str, str], EncodedSpan]:
    """Spans by trace and span id, of several with the same ids one."""
    found: dict[tuple[str, str], EncodedSpan] = {}
    for span in spans:
        name = (span.row[0], span.row[1])
        other = found.get(name)
        found[name] = span if other is None else merged(decode_span(other.row), span)
    return found


def _put(tables: Tables, kept: SpanEvent, arriving: EncodedSpan) -> None:
    both = merged(kept, arriving)
    if decode_span(both.row) == kept:
        return
    place = (kept.trace_id, kept.span_id, kept.end_ns)
    if both.row[_END] == kept.end_ns:
        # Updated in place: another process that waits for this row then sees what became of it.
        sets = ", ".join(f"{column} = ?" for column in SPAN_COLUMNS.split(", "))
        tables.execute(f"UPDATE {tables.spans} SET {sets} WHERE {_PLACE}", (*both.row, *place))  # noqa: S608 - our names
    else:
        tables.execute(f"DELETE FROM {tables.spans} WHERE {_PLACE}", place)  # noqa: S608 - our names
        tables.execute(f"{insert_into(tables.spans, SPAN_COLUMNS)} ON CONFLICT DO NOTHING", both.row)
    tables.execute(f"DELETE FROM {tables.refs} WHERE {_PLACE}", place)  # noqa: S608 - our names
    for link in both.links:
        tables.execute(f"{insert_into(tables.refs, LINK_COLUMNS)} ON CONFLICT DO NOTHING", link)
