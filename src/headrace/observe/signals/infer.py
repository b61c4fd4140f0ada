"""`signal infer`: apply the rules to the sessions of a time; doing it twice is the same as once."""

from __future__ import annotations

import time
from collections import Counter, defaultdict

from headrace.ledger import signals
from headrace.observe.signals.collect import join_pending, store
from headrace.observe.signals.inference import ABANDONED_SECONDS, Inferred, infer_signals
from headrace.observe.signals.parts import SignalParts
from headrace.observe.signals.rows import Given, joined, row_of
from headrace.observe.signals.shown import ANSWERING, Shown, shown
from headrace.records.signals import InferredSignals

_MARGIN_NS = 2 * ABANDONED_SECONDS * 1_000_000_000


def infer(parts: SignalParts, *, since_ns: int) -> InferredSignals:
    """Find what users did in the sessions since a time. An interrupted run is finished by the next one."""
    join_pending(parts)
    now_ns = time.time_ns()
    # A little more is read, so that what began before is not taken for the beginning.
    names = [name for name, _ in parts.events.answered(ANSWERING, since_ns=since_ns - _MARGIN_NS)]
    answers = [item for name in names if (item := shown(parts.events.trace(name))) is not None]
    sessions: dict[str, list[Shown]] = defaultdict(list)
    for answer in answers:
        if answer.session is not None:
            sessions[answer.session].append(answer)
    seen: dict[str, set[str]] = defaultdict(set)
    with parts.ledger.read() as conn:
        for row in signals.of_traces(conn, names):
            seen[row.trace_id].add(row.kind)
    by_trace = {answer.trace_id: answer for answer in answers}
    found = [
        item
        for session in sessions.values()
        for item in infer_signals(session, seen=seen, now_ns=now_ns)
        if by_trace[item.trace_id].ended_ns >= since_ns
    ]
    rows = [
        joined(row_of(parts, _given(item)), by_trace[item.trace_id], now_us=now_ns // 1000) for item in found
    ]
    new = store(parts, rows) if rows else []
    looked = [answer for answer in answers if answer.ended_ns >= since_ns]
    return InferredSignals(
        traces=len(looked),
        sessions=len({answer.session for answer in looked} - {None}),
        without_session=sum(answer.session is None for answer in looked),
        found=dict(sorted(Counter(item.kind for item in found).items())),
        new=len(new),
    )


def _given(item: Inferred) -> Given:
    return Given(
        trace_id=item.trace_id,
        kind=item.kind,
        value=item.value,
        at_us=item.at_ns // 1000,
        # One verdict of the rules for a trace: a later question that arrives late does not add a second one.
        client_id=f"inferred/{item.trace_id}",
        inferred=True,
    )
