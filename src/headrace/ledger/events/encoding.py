"""Spans as rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from headrace.ledger.storage.rows import storable
from headrace.records.call import SpanEvent, SpanRef
from headrace.records.wire import to_plain

if TYPE_CHECKING:
    from headrace.ledger.events.base import Merge

_AS_IT_IS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
DAY_NS = 86_400 * 1_000_000_000

SPAN_COLUMNS = (
    "trace_id, span_id, parent_span_id, name, kind, start_ns, end_ns, status, error, release, "
    "generation, model, prompt, session, subject, service, input_tokens, output_tokens, cost_micro, "
    "currency, attributes, refs"
)
LINK_COLUMNS = "ref, end_ns, trace_id, span_id, role, kind"


class EncodedSpan(NamedTuple):
    """A span ready to be inserted."""

    day: int
    """Days since 1970-01-01 to the one in which it ended."""
    row: tuple[Any, ...]
    """In the order of SPAN_COLUMNS."""
    links: list[tuple[Any, ...]]
    """In the order of LINK_COLUMNS."""
    merge: Merge | None = None
    """Makes one of it and of the span that is there; without it that one stays as it is."""


def day_of(time_ns: int) -> int:
    """Days since 1970-01-01 to that of a time."""
    return time_ns // DAY_NS


@lru_cache(maxsize=4096)
def day_name(day: int, separator: str = "-") -> str:
    """The date of a day as YYYY-MM-DD. Raises OverflowError for what no calendar holds."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).strftime(f"%Y{separator}%m{separator}%d")


def insert_into(table: str, columns: str) -> str:
    """The statement that inserts one row, with `?` for values."""
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(columns.split(',')))})"  # noqa: S608


def encode_span(span: SpanEvent, *, merge: Merge | None = None) -> EncodedSpan:
    """Turn a span into rows. Raises TypeError for attributes that are not JSON-like."""
    day = day_of(span.end_ns)
    day_name(day)
    links = {(ref.ref, span.end_ns, span.trace_id, span.span_id, ref.role, span.kind) for ref in span.refs}
    row = (
        span.trace_id,
        span.span_id,
        span.parent_span_id,
        storable(span.name),
        storable(span.kind),
        span.start_ns,
        span.end_ns,
        span.status,
        _text(span.error),
        span.release,
        span.generation,
        span.model,
        span.prompt,
        _text(span.session),
        span.subject,
        _text(span.service),
        span.input_tokens,
        span.output_tokens,
        span.cost_micro,
        _text(span.currency),
        _json(span.attributes),
        _json([(ref.role, ref.ref) for ref in span.refs]),
    )
    return EncodedSpan(day=day, row=row, links=sorted(links), merge=merge)


def decode_span(row: Sequence[Any]) -> SpanEvent:
    """Turn a row in the order of SPAN_COLUMNS back into a span."""
    return SpanEvent(
        trace_id=row[0],
        span_id=row[1],
        parent_span_id=row[2],
        name=row[3],
        kind=row[4],
        start_ns=row[5],
        end_ns=row[6],
        status=row[7],
        error=row[8],
        release=row[9],
        generation=row[10],
        model=row[11],
        prompt=row[12],
        session=row[13],
        subject=row[14],
        service=row[15],
        input_tokens=row[16],
        output_tokens=row[17],
        cost_micro=row[18],
        currency=row[19],
        attributes=json.loads(row[20]),
        refs=tuple(SpanRef(role=role, ref=ref) for role, ref in json.loads(row[21])),
    )


def _text(text: str | None) -> str | None:
    return None if text is None else storable(text)


def _json(value: Mapping[str, Any] | Sequence[Any]) -> str:
    plain = dict(value) if isinstance(value, Mapping) else value
    try:
        return orjson.dumps(plain, default=_plain, option=_AS_IT_IS).decode()
    except (TypeError, ValueError):  # large numbers, lone surrogates, keys that are no texts
        return _slow_json(plain)


def _slow_json(plain: Any) -> str:
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), default=_plain)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(plain, separators=(",", ":"), default=_plain)
    return text


def _plain(value: object) -> Any:
    plain = to_plain(value)
    if plain is value:
        raise TypeError(f"A span attribute of type {type(value).__name__!r} cannot be written as JSON.")
    return plain
