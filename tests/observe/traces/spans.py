"""Spans for tests, as an application or this workspace would write them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from headrace.ledger.events.encoding import DAY_NS
from headrace.records.call import SpanEvent, new_span_id, new_trace_id


def span(*, days_ago: float = 0.0, ms: float = 20.0, **changes: Any) -> SpanEvent:
    """A span of a trace of its own that ended some days ago."""
    end = time.time_ns() - int(days_ago * DAY_NS)
    base = SpanEvent(
        trace_id=new_trace_id(),
        span_id=new_span_id(),
        name="call terms",
        kind="call",
        start_ns=end - int(ms * 1e6),
        end_ns=end,
        model="m-1",
        attributes={"input": "What about herons?", "output": "They nest."},
    )
    return replace(base, **changes)


def child(parent: SpanEvent, **changes: Any) -> SpanEvent:
    """A span below another, as long as it is."""
    made = replace(parent, span_id=new_span_id(), parent_span_id=parent.span_id, refs=(), attributes={})
    return replace(made, **changes)
