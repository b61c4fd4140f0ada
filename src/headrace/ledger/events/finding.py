"""What is asked of spans, as one condition for every kind of database that holds them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from headrace.ledger.events.encoding import SPAN_COLUMNS
from headrace.records.call import SpanEvent

FACT_COLUMNS = SPAN_COLUMNS.removesuffix(", attributes, refs")
"""All but what was said and what was touched."""


class Place(NamedTuple):
    """Where a list goes on: after a span, in the order newest first."""

    end_ns: int
    trace_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanQuery:
    """Conditions that a span meets all of; None asks nothing."""

    since_ns: int | None = None
    """It ended then or later."""
    until_ns: int | None = None
    """It ended before."""
    traces: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    models: Sequence[str] | None = None
    prompts: Sequence[str] | None = None
    """Digests of versions."""
    release: str | None = None
    subjects: Sequence[str] | None = None
    """Keyed hashes."""
    session: str | None = None
    service: str | None = None
    status: str | None = None
    min_ns: int | None = None
    """It took at least so long."""
    min_cost_micro: int | None = None
    text: str | None = None
    """Stands somewhere in its name, its error or what was said, in capitals or not."""

    def conditions(self, *, like: str = "LIKE") -> tuple[str, list[Any]]:
        """As SQL with `?` for values, without WHERE."""
        parts: list[str] = ["1 = 1"]
        values: list[Any] = []
        for column, wanted in self._lists():
            if wanted is not None:
                parts.append(f"{column} IN ({', '.join('?' * len(wanted))})" if wanted else "1 = 0")
                values += wanted
        for condition, value in self._bounds():
            if value is not None:
                parts.append(condition)
                values.append(value)
        if self.text:
            columns = ("attributes", "name", "error")
            parts.append(f"({' OR '.join(f'{name} {like} ? ESCAPE {_QUOTED}' for name in columns)})")
            plain = json.dumps(self.text, ensure_ascii=False)[1:-1]
            values += [_pattern(plain), _pattern(self.text), _pattern(self.text)]
        return " AND ".join(parts), values

    def _lists(self) -> list[tuple[str, Sequence[str] | None]]:
        return [
            ("trace_id", self.traces),
            ("kind", self.kinds),
            ("model", self.models),
            ("prompt", self.prompts),
            ("subject", self.subjects),
        ]

    def _bounds(self) -> list[tuple[str, Any]]:
        return [
            ("end_ns >= ?", self.since_ns),
            ("end_ns < ?", self.until_ns),
            ("release = ?", self.release),
            ("session = ?", self.session),
            ("service = ?", self.service),
            ("status = ?", self.status),
            ("end_ns - start_ns >= ?", self.min_ns),
            ("cost_micro >= ?", self.min_cost_micro),
        ]


_NAMES = tuple(FACT_COLUMNS.split(", "))
_QUOTED = "'!'"
_ERROR = "CASE WHEN status = 'error' THEN 1 ELSE 0 END"
_SUMS = ", ".join(
    f"coalesce(sum({what}), 0)" for what in (_ERROR, "input_tokens", "output_tokens", "cost_micro")
)


def _pattern(text: str) -> str:
    escaped = "".join(f"!{mark}" if mark in "!%_" else mark for mark in text)
    return f"%{escaped}%"


def after(place: Place | None) -> tuple[str, list[Any]]:
    """The condition that a span comes after a place."""
    if place is None:
        return "1 = 1", []
    # Said so that an index over times begins at the place.
    return "end_ns <= ? AND (end_ns < ? OR trace_id > ?)", [place.end_ns, place.end_ns, place.trace_id]


def statement(
    table: str, query: SpanQuery, *, place: Place | None, like: str = "LIKE"
) -> tuple[str, list[Any]]:
    """The statement that finds spans newest first, without their texts; its last value is how many."""
    where, values = query.conditions(like=like)
    rest, more = after(place)
    order = "ORDER BY end_ns DESC, trace_id, span_id LIMIT ?"
    return f"SELECT {FACT_COLUMNS} FROM {table} WHERE {where} AND {rest} {order}", [*values, *more]  # noqa: S608 - our names


class Total(NamedTuple):
    """What spans of one kind and currency come to."""

    kind: str | None
    """None for all together."""
    currency: str | None
    spans: int
    traces: int
    """0 but of all together."""
    errors: int
    input_tokens: int
    output_tokens: int
    cost_micro: int


def totals_statement(table: str, query: SpanQuery, *, like: str = "LIKE") -> tuple[str, list[Any]]:
    """The statement that gives the totals of spans: of all together, then by kind and currency."""
    where, values = query.conditions(like=like)
    whole = f"SELECT NULL, NULL, count(*), count(DISTINCT trace_id), 0, 0, 0, 0 FROM {table} WHERE {where}"  # noqa: S608 - our names
    parts = f"SELECT kind, currency, count(*), 0, {_SUMS} FROM {table} WHERE {where} GROUP BY kind, currency"  # noqa: S608 - our names
    return f"{whole} UNION ALL {parts}", [*values, *values]


def decode_facts(row: Sequence[Any]) -> SpanEvent:
    """A row in the order of FACT_COLUMNS as a span without texts and references."""
    return SpanEvent(**dict(zip(_NAMES, row, strict=True)))
