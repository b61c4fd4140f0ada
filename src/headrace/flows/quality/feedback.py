"""What signals of users say of documents: answers that probably were bad, as bad outcomes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from headrace.flows.quality.calls import EXPOSED_RANKS
from headrace.flows.quality.rot import Outcome
from headrace.ledger import signals
from headrace.observe.signals.judging import p_bad
from headrace.observe.signals.parts import SignalParts
from headrace.records.call import SpanEvent

KIND = "signal"
TRACES = 5_000
"""Traces that are looked at: those with the newest signals."""
_BAD_FROM = 0.5
"""An answer that is rather good says nothing against its documents."""


def signalled_outcomes(parts: SignalParts, corpora: Collection[str]) -> list[Outcome]:
    """A bad outcome for each document behind an answer that its signals call bad, weighed by P(bad).

    Where the answer cited documents these are meant, else the first of those that were retrieved.
    """
    with parts.ledger.read() as conn:
        traces = signals.newest_traces(conn, limit=TRACES)
    if not traces:
        return []
    found = []
    for trace_id, (p, _) in p_bad(parts, traces).items():
        if p >= _BAD_FROM:
            names = _documents(parts.events.trace(trace_id))
            found += [Outcome(name, trace_id, KIND, p) for name in names if name[0] in corpora]
    return found


def _documents(spans: Sequence[SpanEvent]) -> list[tuple[str, str]]:
    names: dict[str, dict[str, None]] = {"cited": {}, "retrieved": {}}
    for span in spans:
        for ref in span.refs:
            if "/" in ref.ref:
                names[ref.role][ref.ref] = None
    meant = list(names["cited"]) or list(names["retrieved"])[:EXPOSED_RANKS]
    return [(corpus, uri) for corpus, _, uri in (name.partition("/") for name in meant)]
