"""Signals that may serve a purpose: those whose user, and the users of their trace, permit it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from headrace.ledger import signals
from headrace.ledger.consents import Purpose
from headrace.ledger.signals import SignalRow
from headrace.observe.signals.parts import SignalParts
from headrace.observe.traces.consenting import serving, users_of

_BATCH = 500


class Permitted(NamedTuple):
    """Signals, newest first."""

    rows: tuple[SignalRow, ...]
    refused: int
    """How many were passed over."""


def find_permitted(
    parts: SignalParts,
    purpose: Purpose,
    *,
    trace: str | None,
    kind: str | None,
    subject: str | None,
    since_us: int,
    limit: int,
) -> Permitted:
    """The newest signals that may serve a purpose, as of now."""
    found: list[SignalRow] = []
    refused = 0
    after: tuple[int, str] | None = None
    while True:
        with parts.ledger.read() as conn:
            batch = signals.find(
                conn, trace=trace, kind=kind, subject=subject, since_us=since_us, after=after, limit=_BATCH
            )
        may_serve = _serving(parts, purpose, batch)
        for row in batch:
            if row.id in may_serve:
                found.append(row)
                if len(found) == limit:
                    return Permitted(tuple(found), refused)
            else:
                refused += 1
        if len(batch) < _BATCH:
            return Permitted(tuple(found), refused)
        after = (batch[-1].at_us, batch[-1].id)


def _serving(parts: SignalParts, purpose: Purpose, rows: Sequence[SignalRow]) -> set[str]:
    by_trace = users_of(parts.events, {row.trace_id for row in rows})
    users = {row.id: by_trace[row.trace_id] | ({row.subject} if row.subject else set()) for row in rows}
    return serving(parts.ledger, users, purpose, anonymous_training=parts.anonymous_training)
