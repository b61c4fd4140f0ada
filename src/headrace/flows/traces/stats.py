"""How much is kept, where, and what it cost."""

from __future__ import annotations

from collections import Counter

from headrace.flows.traces.filters import TraceFilter
from headrace.flows.traces.parts import TraceParts
from headrace.ledger import holds
from headrace.records.traces import TraceStats


def stats(parts: TraceParts, asked: TraceFilter) -> TraceStats:
    """Counts over hot and cold spans that meet the conditions; a trace of two days counts in both."""
    query = asked.query(parts)
    hot = parts.events.hot.totals(query)
    cold = parts.events.cold.totals(query)
    whole = [total for total in (*hot, *cold) if total.kind is None]
    kinds: Counter[str] = Counter()
    costs: Counter[str] = Counter()
    by_kind = [total for total in (*hot, *cold) if total.kind is not None]
    for total in by_kind:
        kinds[str(total.kind)] += total.spans
        if total.currency:
            costs[total.currency] += total.cost_micro
    with parts.ledger.read() as conn:
        held = len(holds.find(conn))
    return TraceStats(
        spans=sum(total.spans for total in whole),
        traces=sum(total.traces for total in whole),
        hot=sum(total.spans for total in hot if total.kind is None),
        cold=sum(total.spans for total in cold if total.kind is None),
        cold_bytes=sum(file.size_bytes for file in parts.events.cold.named()),
        archived=sum(file.spans for file in parts.events.cold.named("archived")),
        quarantined=parts.quarantined(),
        held=held,
        errors=sum(total.errors for total in by_kind),
        input_tokens=sum(total.input_tokens for total in by_kind),
        output_tokens=sum(total.output_tokens for total in by_kind),
        cost_micro=dict(sorted(costs.items())),
        kinds=dict(kinds.most_common()),
    )
