"""Traces that may serve evaluation or training: only of users who permit it, as of now."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.errors import UsageError
from headrace.flows.traces.filters import TraceFilter, place_text, read_place
from headrace.flows.traces.parts import TraceParts
from headrace.ledger import consents
from headrace.ledger.consents import PURPOSES, Purpose
from headrace.ledger.events.encoding import DAY_NS
from headrace.ledger.events.finding import Place, SpanQuery
from headrace.observe.traces.listing import page
from headrace.records.call import SpanEvent
from headrace.records.traces import TraceSelection

_MOST_SPANS = 1_000_000


def select(
    parts: TraceParts, purpose: Purpose, asked: TraceFilter, *, limit: int, after: str | None = None
) -> TraceSelection:
    """The newest traces that meet the conditions and may serve a purpose. Raises UsageError.

    Every user of a trace has to permit it. A trace without a user may serve evaluation, and training only
    where `[traces] anonymous_training` says so.
    """
    if purpose not in PURPOSES:
        raise UsageError(f"No purpose {purpose!r}. Allowed: {', '.join(PURPOSES)}.")
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
    query = SpanQuery(
        traces=[span.trace_id for span in spans],
        since_ns=min(span.start_ns for span in spans) - DAY_NS,
    )
    users: dict[str, set[str]] = {span.trace_id: set() for span in spans}
    for span in parts.events.find(query, limit=_MOST_SPANS):
        if span.subject is not None:
            users[span.trace_id].add(span.subject)
    with parts.ledger.read() as conn:
        allowed = consents.allowed(conn, {user for of in users.values() for user in of}, purpose)
    anonymous = purpose == "eval" or parts.anonymous_training
    return {trace for trace, of in users.items() if (of <= allowed if of else anonymous)}


def may_serve(parts: TraceParts, purpose: Purpose, traces: Sequence[str]) -> set[str]:
    """Those of these traces that are there and may serve a purpose."""
    found: list[SpanEvent] = []
    for trace in traces:
        found += parts.events.find(SpanQuery(traces=[trace]), limit=1)
    return permitted(parts, purpose, found)
