"""Traces by their spans: the page of a list, and what a trace comes to in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from headrace.ledger.events.base import EventStore
from headrace.ledger.events.encoding import DAY_NS
from headrace.ledger.events.finding import Place, SpanQuery
from headrace.ledger.storage.rows import slices
from headrace.records.call import SpanEvent
from headrace.records.traces import TraceLine

_AHEAD = 4
"""Spans that are read for each trace that is wanted."""
_MOST_SPANS = 20_000
"""Of all traces of a page, to say what each comes to."""


def page(
    events: EventStore, query: SpanQuery, *, place: Place | None, limit: int
) -> tuple[list[SpanEvent], Place | None]:
    """The newest span of each of the next traces that have one which meets a query; and where they go on."""
    found: list[SpanEvent] = []
    for span in newest(events, query, place=place, batch=limit * _AHEAD):
        if len(found) == limit:
            last = found[-1]
            return found, Place(last.end_ns, last.trace_id)
        found.append(span)
    return found, None


def newest(
    events: EventStore, query: SpanQuery, *, place: Place | None = None, batch: int = 200
) -> Iterator[SpanEvent]:
    """Of each trace with spans that meet a query the newest of them, newest first, after a place."""
    start, seen = place, set[str]()
    while True:
        spans = events.find(query, place=place, limit=batch)
        fresh = {span.trace_id: span for span in reversed(spans) if span.trace_id not in seen}
        before = set() if start is None else _came_before(events, query, list(fresh), start)
        for span in spans:
            if span.trace_id not in seen:
                seen.add(span.trace_id)
                if span.trace_id not in before:
                    yield span
        if len(spans) < batch:
            return
        place = Place(spans[-1].end_ns, spans[-1].trace_id)


def newest_of(events: EventStore, query: SpanQuery, traces: Sequence[str]) -> list[SpanEvent]:
    """Of each of these traces the newest span that meets a query."""
    found: list[SpanEvent] = []
    for part in slices(traces):
        found += newest(events, replace(query, traces=list(part)))
    return found


def _came_before(events: EventStore, query: SpanQuery, traces: Sequence[str], start: Place) -> set[str]:
    """Those of the traces that an earlier page had, by a newer span."""
    found: set[str] = set()
    for part in slices(traces):
        own = replace(query, traces=list(part), since_ns=max(start.end_ns, query.since_ns or 0))
        found |= {
            span.trace_id
            for span in events.find(own, limit=_MOST_SPANS)
            if (-span.end_ns, span.trace_id) <= (-start.end_ns, start.trace_id)
        }
    return found


def lines(events: EventStore, found: Sequence[SpanEvent]) -> list[TraceLine]:
    """The line of each trace, in the order given."""
    if not found:
        return []
    query = SpanQuery(
        traces=[span.trace_id for span in found],
        since_ns=min(span.start_ns for span in found) - DAY_NS,
        until_ns=max(span.end_ns for span in found) + DAY_NS,
    )
    by_trace: dict[str, list[SpanEvent]] = {span.trace_id: [] for span in found}
    for span in events.find(query, limit=_MOST_SPANS):
        by_trace[span.trace_id].append(span)
    return [line_of(by_trace[span.trace_id] or [span]) for span in found]


def line_of(spans: Sequence[SpanEvent]) -> TraceLine:
    """What the spans of one trace come to."""
    own = {span.span_id for span in spans}
    outer = [span for span in spans if span.parent_span_id not in own]
    root = min(outer or spans, key=lambda span: (span.start_ns, -span.end_ns, span.span_id))
    start, end = min(span.start_ns for span in spans), max(span.end_ns for span in spans)
    costs = [span for span in _leaves(spans) if span.cost_micro is not None]
    currencies = {span.currency for span in costs}
    return TraceLine(
        trace_id=root.trace_id,
        name=root.name,
        kind=root.kind,
        started=datetime.fromtimestamp(start / 1e9, UTC).isoformat(timespec="milliseconds"),
        ended_ns=end,
        ms=round((end - start) / 1e6, 3),
        spans=len(spans),
        errors=sum(span.status == "error" for span in spans),
        status=root.status,
        service=_first(spans, lambda span: span.service),
        session=_first(spans, lambda span: span.session),
        subject=_first(spans, lambda span: span.subject),
        release=_first(spans, lambda span: span.release),
        models=tuple(sorted({span.model for span in spans if span.model})),
        prompts=tuple(dict.fromkeys(span.prompt for span in spans if span.prompt)),
        input_tokens=_total([span.input_tokens for span in _leaves(spans)]),
        output_tokens=_total([span.output_tokens for span in _leaves(spans)]),
        cost_micro=_total([span.cost_micro for span in costs]) if len(currencies) == 1 else None,
        currency=currencies.pop() if len(currencies) == 1 else None,
    )


def _leaves(spans: Sequence[SpanEvent]) -> list[SpanEvent]:
    """Spans that count tokens of their own: a span above one that has any repeats them."""
    by_id = {span.span_id: span for span in spans}
    above: set[str] = set()
    for span in spans:
        if span.input_tokens is None and span.output_tokens is None and span.cost_micro is None:
            continue
        parent = span.parent_span_id
        while parent in by_id and parent not in above:
            above.add(parent)
            parent = by_id[parent].parent_span_id
    return [span for span in spans if span.span_id not in above]


def _first(spans: Sequence[SpanEvent], of: Callable[[SpanEvent], str | None]) -> str | None:
    ordered = sorted(spans, key=lambda span: span.start_ns)
    return next((value for span in ordered if (value := of(span))), None)


def _total(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
