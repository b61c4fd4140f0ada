"""Traces that may serve evaluation or training: only of users who permit it, as of now."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.flows.traces.filters import TraceFilter, place_text, read_place
from headrace.flows.traces.parts import TraceParts
from headrace.ledger.consents import Purpose
from headrace.ledger.events.encoding import DAY_NS
from headrace.ledger.events.finding import Place, SpanQuery
from headrace.observe.traces.consenting import checked_purpose, serving, users_of
from headrace.observe.traces.listing import page
from headrace.records.call import SpanEvent
from headrace.records.traces import TraceSelection


def select(
    parts: TraceParts, purpose: Purpose, asked: TraceFilter, *, limit: int, after: str | None = None
) -> TraceSelection:
    """The newest traces that meet the conditions and may serve a purpose. Raises UsageError.

    Every user of a trace has to permit it. A trace without a user may serve evaluation, and training only
    where `[traces] anonymous_training` says so.
    """
    checked_purpose(purpose)
    query = asked.query(parts)
    place, found, refused = read_place(after), list[SpanEvent](), 0
    while len(found) < limit:
        batch, following = page(parts.events, query, place=place, limit=limit)
        open_ones = permitted(parts, purpose, batch)
        for span in batch:
            if len(found) == limit:
                following = place
                break
            place = Place(span.end_ns, span.trace_id)
            if span.trace_id in open_ones:
                found.append(span)
            else:
                refused += 1
        if following is None:
            place = None
            break
    return TraceSelection(
        purpose=purpose,
        traces=tuple(span.trace_id for span in found),
        refused=refused,
        next=place_text(place),
    )


def permitted(parts: TraceParts, purpose: Purpose, spans: Sequence[SpanEvent]) -> set[str]:
    """Those of the traces of these spans that may serve a purpose."""
    if not spans:
        return set()
    since_ns = min(span.start_ns for span in spans) - DAY_NS
    users = users_of(parts.events, {span.trace_id for span in spans}, since_ns=since_ns)
    return serving(parts.ledger, users, purpose, anonymous_training=parts.anonymous_training)


def may_serve(parts: TraceParts, purpose: Purpose, traces: Sequence[str]) -> set[str]:
    """Those of these traces that are there and may serve a purpose."""
    found: list[SpanEvent] = []
    for trace in traces:
        found += parts.events.find(SpanQuery(traces=[trace]), limit=1)
    return permitted(parts, purpose, found)
