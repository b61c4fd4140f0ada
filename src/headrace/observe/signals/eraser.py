"""Forgetting in signals: texts about answers that had a document, and everything of a trace or a user."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headrace.errors import UsageError
from headrace.ledger import signal_audits, signals
from headrace.ledger.erasers import covers, exempt
from headrace.ledger.erasure.scope import TOMBSTONE, Scope, without
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.signals import SignalRow
from headrace.ledger.storage.cleaning import clean_ledger
from headrace.ledger.storage.tables.signals import signal_audits as audits_table
from headrace.ledger.storage.tables.signals import signals as signals_table
from headrace.observe.signals.kinds import KINDS
from headrace.observe.signals.parts import SignalParts
from headrace.observe.signals.rows import subject_key
from headrace.records.signals import ErasedSignals

if TYPE_CHECKING:
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write

NAME = "signals"
_IN_TRANSACTION = declare("erase.in_signals_transaction")
_ALL = 10_000_000
"""Traces of a document: no limit, as `by_ref` takes it."""

covers(NAME, "table:signals")
exempt("trace ids, verdicts and counts", "table:signal_audits", "table:signal_draws")


class SignalEraser:
    """Takes out what users wrote of answers that were given a document of the scope, or that mention it.

    That there was such a signal stays. It runs before the calls are erased, while they still tell which
    answers these were.
    """

    name = NAME
    opens_all = True

    def __init__(self, ledger: Ledger, events: EventStore) -> None:
        self._ledger = ledger
        self._events = events

    def find(self, scope: Scope) -> int:
        """Signals whose words would go."""
        with self._ledger.read() as conn:
            given = signals.of_subjects(conn, scope.subjects)
        return given + len(self._changes(scope))

    def erase(self, scope: Scope) -> int:
        """Put tombstones in their place, and delete what users of the scope gave."""
        changes = self._changes(scope)

        def work(tx: Write) -> int:
            signals.rewrite(tx, changes)
            gone = sum(signals.remove(tx, subject=subject) for subject in scope.subjects)
            fire(_IN_TRANSACTION)
            return gone

        return len(changes) + self._ledger.write(work)

    def clean(self, scope: Scope) -> None:
        """Empty the log and the free pages."""
        clean_ledger(self._ledger, {signals_table.name})

    def _changes(self, scope: Scope) -> dict[str, Mapping[str, Any]]:
        with self._ledger.read() as conn:
            rows = signals.texts(conn)
        if not rows:
            return {}
        traces = {
            link.trace_id
            for ref in (*scope.names, *scope.chunk_ids)
            for link in self._events.by_ref(ref, limit=_ALL)
        }
        kept = {row.id: _without(row, scope, touched=row.trace_id in traces) for row in rows}
        return {
            row.id: {"value": kept[row.id].value, "comment": kept[row.id].comment}
            for row in rows
            if kept[row.id] != row and row.subject not in scope.subjects
        }


def _without(row: SignalRow, scope: Scope, *, touched: bool) -> SignalRow:
    value = json.loads(row.value)
    comment = row.comment
    if touched and KINDS[row.kind].text and value is not None:
        value = TOMBSTONE
    elif value in scope.chunk_ids:
        value = None
    else:
        value = without(value, scope)
    if comment is not None:
        comment = TOMBSTONE if touched else without(comment, scope)
    return row._replace(value=json.dumps(value), comment=comment)


def erase_signals(
    parts: SignalParts, *, trace: str | None = None, subject: str | None = None
) -> ErasedSignals:
    """Delete every signal of a trace, with its audit, or every signal that a user gave; bytes included.

    Raises UsageError unless one of the two is named.
    """
    if (trace is None) == (subject is None):
        raise UsageError(
            "Whose signals? Name a trace or a user, and not both.",
            hint="headrace signal erase --trace TRACE, or --user NAME.",
        )

    def work(tx: Write) -> ErasedSignals:
        key = None if subject is None else subject_key(parts, subject)
        found = ErasedSignals(
            signals=signals.remove(tx, trace=trace, subject=key),
            audits=0 if trace is None else signal_audits.remove(tx, trace),
        )
        fire(_IN_TRANSACTION)
        return found

    parts.keyring.key("match")  # made now: no write may start inside a write
    report = parts.ledger.write(work)
    clean_ledger(parts.ledger, {signals_table.name, audits_table.name})
    return report
