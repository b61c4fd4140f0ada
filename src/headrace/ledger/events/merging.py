"""Put content that came late into the span it belongs to, in the transaction that reads the span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headrace.ledger.events.encoding import (
    LINK_COLUMNS,
    SPAN_COLUMNS,
    EncodedSpan,
    decode_span,
    encode_span,
    insert_into,
)
from headrace.ledger.events.erasing import Tables

_PLACE = "trace_id = ? AND span_id = ? AND end_ns = ?"
_SETS = ", ".join(f"{column} = ?" for column in SPAN_COLUMNS.split(", "))


def merge_spans(tables: Tables, spans: Sequence[EncodedSpan]) -> None:
    """Merge spans into those that are there; one of which there is nothing yet is inserted."""
    for span in spans:
        # Not there, and yet not inserted: another process was faster, so its span is there now.
        while not (_merge(tables, span) or _insert(tables, span)):
            pass


def _merge(tables: Tables, arriving: EncodedSpan) -> bool:
    new = decode_span(arriving.row)
    place = (new.trace_id, new.span_id, new.end_ns)
    statement = f"SELECT {SPAN_COLUMNS} FROM {tables.spans} WHERE {_PLACE}{tables.lock}"  # noqa: S608 - our names
    row = next(iter(tables.select(statement, place)), None)
    if row is None or arriving.merge is None:
        return False
    kept = decode_span(row)
    merged = replace(
        arriving.merge(kept, new), trace_id=kept.trace_id, span_id=kept.span_id, end_ns=kept.end_ns
    )
    if merged == kept:
        return True
    encoded = encode_span(merged)
    # Updated in place: another process that waits for this row then sees what became of it.
    tables.execute(f"UPDATE {tables.spans} SET {_SETS} WHERE {_PLACE}", (*encoded.row, *place))  # noqa: S608 - our names
    tables.execute(f"DELETE FROM {tables.refs} WHERE {_PLACE}", place)  # noqa: S608 - our names
    _insert_links(tables, encoded)
    return True


def _insert(tables: Tables, span: EncodedSpan) -> bool:
    statement = f"{insert_into(tables.spans, SPAN_COLUMNS)} ON CONFLICT DO NOTHING"
    if tables.execute(statement, span.row).rowcount != 1:
        return False
    _insert_links(tables, span)
    return True


def _insert_links(tables: Tables, span: EncodedSpan) -> None:
    for link in span.links:
        tables.execute(f"{insert_into(tables.refs, LINK_COLUMNS)} ON CONFLICT DO NOTHING", link)
