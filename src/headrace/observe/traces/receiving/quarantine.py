"""Keeps what cannot be kept as a span: sealed, with its reason, to be looked at, retried or discarded."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headrace.errors import NotFoundError
from headrace.ledger import trace_quarantine
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.trace_quarantine import QuarantineRow
from headrace.observe.traces.receiving.arrived import Arrived, Signal
from headrace.observe.traces.receiving.jsontext import dumps, loads
from headrace.records.receiving import QuarantinedItem
from headrace.records.times import rfc3339

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.ledger import Ledger, Write

_IN_TRANSACTION = declare("receiving.in_quarantine_transaction")
_DETAIL_CHARACTERS = 500
_ID_CHARACTERS = 64


class Quarantine:
    """The quarantine of a workspace."""

    def __init__(self, ledger: Ledger, keyring: Keyring) -> None:
        self._ledger = ledger
        self._keyring = keyring

    def keep(self, items: Sequence[Arrived], signal: Signal) -> None:
        """Make items durable with their reasons; the same one twice is one."""
        if not items:
            return
        now_us = time.time_ns() // 1000
        rows = [self._row(item, signal, now_us) for item in items]

        def work(tx: Write) -> None:
            trace_quarantine.add(tx, rows)
            fire(_IN_TRANSACTION)

        self._ledger.write(work)

    def open(self, name: str) -> tuple[QuarantineRow, dict[str, Any] | None]:
        """An item and what it says. Raises NotFoundError, and StorageError where the key is not the one."""
        with self._ledger.read() as conn:
            row = trace_quarantine.get(conn, name)
        if row is None:
            raise NotFoundError(
                "quarantined item", name, hint="`headrace trace quarantine list --state all` names them."
            )
        return row, None if row.body is None else loads(self._keyring.unseal(bytes(row.body)))

    def _row(self, item: Arrived, signal: Signal, now_us: int) -> QuarantineRow:
        body = {
            "trace_id": item.trace_id,
            "span_id": item.span_id,
            "body": item.body,
            "resource": item.resource,
            "scope": item.scope,
        }
        text = dumps(body).decode("utf-8", "replace")
        problem = item.problem
        assert problem is not None  # only items with one come here
        return QuarantineRow(
            id=self._keyring.keyed("item", signal, problem.reason, text),
            signal=signal,
            reason=problem.reason,
            detail=problem.detail[:_DETAIL_CHARACTERS],
            trace_id=item.trace_id[:_ID_CHARACTERS] or None,
            span_id=item.span_id[:_ID_CHARACTERS] or None,
            size_bytes=len(text),
            received_at_us=now_us,
            state="open",
            settled_at_us=None,
            settled_by=None,
            body=self._keyring.seal(text),
        )


def arrived_from(body: Mapping[str, Any]) -> Arrived:
    """The item that a body was sealed of."""
    return Arrived(
        str(body["trace_id"]), str(body["span_id"]), dict(body["body"]), body["resource"], body["scope"]
    )


def record_of(row: QuarantineRow) -> QuarantinedItem:
    """A row as doors show it."""
    return QuarantinedItem(
        id=row.id,
        signal=row.signal,
        reason=row.reason,
        detail=row.detail,
        trace_id=row.trace_id,
        span_id=row.span_id,
        size_bytes=row.size_bytes,
        received_at=rfc3339(row.received_at_us),
        state=row.state,
        settled_at=None if row.settled_at_us is None else rfc3339(row.settled_at_us),
        settled_by=row.settled_by,
    )
