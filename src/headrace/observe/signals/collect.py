"""Take a signal in, at once durable; join it to its trace now or when that arrives."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.errors import UsageError
from headrace.ledger import signals
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.signals import SignalRow
from headrace.observe.signals.parts import SignalParts
from headrace.observe.signals.rows import Given, joined, row_of, signal_of
from headrace.observe.signals.shown import Shown, shown
from headrace.records.signals import AddedSignal

if TYPE_CHECKING:
    from headrace.ledger.ledger import Write

_BEFORE = declare("signals.in_transaction")
_AFTER = declare("signals.committed")
_PENDING = 200
"""Signals that one look tries to join."""


def collect(parts: SignalParts, given: Given) -> AddedSignal:
    """Keep a signal. The same one twice is one; one whose trace has not arrived waits for it.

    Raises UsageError for a click on a citation that the answer did not show.
    """
    row = _with_trace(row_of(parts, given), shown(parts.events.trace(given.trace_id)))
    if row.exposed == 0 and row.kind == "citation_click":
        raise UsageError(
            f"Trace {given.trace_id} showed no citation {given.value!r}, so nobody clicked on it.",
            hint="Give the number as the answer shows it, from 1, or the chunk id of a citation.",
        )
    new = bool(store(parts, [row]))
    if not new:
        with parts.ledger.read() as conn:
            row = signals.get(conn, row.id) or row
    return AddedSignal(signal=signal_of(row), new=new)


def store(parts: SignalParts, rows: Sequence[SignalRow]) -> list[str]:
    """Append rows in one transaction; returns the ids that were new."""

    def work(tx: Write) -> list[str]:
        added = signals.add(tx, rows)
        fire(_BEFORE)
        return added

    added = parts.ledger.write(work)
    fire(_AFTER)
    return added


def join_pending(parts: SignalParts) -> int:
    """Join the newest signals that wait to the traces that arrived since; returns how many could be joined.

    A click on what its answer did not show is kept, as not exposed, and counts for nothing.
    """
    with parts.ledger.read() as conn:
        waiting = signals.pending(conn, limit=_PENDING)
    traces = {row.trace_id for row in waiting}
    arrived = {name: answer for name in traces if (answer := shown(parts.events.trace(name))) is not None}
    found = [_with_trace(row, arrived.get(row.trace_id)) for row in waiting]
    found = [row for row in found if row.joined_at_us is not None]
    if found:
        parts.ledger.write(lambda tx: signals.join(tx, found))
    return len(found)


def _with_trace(row: SignalRow, answer: Shown | None) -> SignalRow:
    return row if answer is None else joined(row, answer, now_us=time.time_ns() // 1000)
