"""Holds on traces, as people name them."""

from __future__ import annotations

from datetime import UTC, datetime

from headrace.errors import NotFoundError, UsageError
from headrace.flows.traces.filters import time_ns
from headrace.flows.traces.parts import TraceParts
from headrace.flows.traces.reading import checked
from headrace.flows.why.nodes import moment
from headrace.ledger import holds
from headrace.ledger.holds import Hold
from headrace.records.traces import HoldList, TraceHold


def add_hold(
    parts: TraceParts,
    *,
    trace: str | None,
    user: str | None,
    since: str | datetime | None,
    until: str | datetime | None,
    reason: str,
) -> TraceHold:
    """Hold traces that meet every condition. Raises UsageError."""
    if trace is None and user is None and since is None and until is None:
        raise UsageError(
            "What is to be held?", hint="Name a trace, a user, a time (--since, --until), or several of them."
        )
    if not reason.strip():
        raise UsageError("A hold needs a reason.", hint="Say it with --reason; it is kept with the hold.")
    start, end = time_ns(since), time_ns(until)
    if start is not None and end is not None and end <= start:
        raise UsageError("The time ends before it begins. Nothing would be held.")
    trace_id = None if trace is None else checked(trace)
    subject = None if user is None else parts.keyring.subject(user)
    made = parts.ledger.write(
        lambda tx: holds.add(
            tx,
            trace_id=trace_id,
            subject=subject,
            since_ns=start,
            until_ns=end,
            reason=reason.strip(),
            actor=parts.actor,
        )
    )
    return _record(made)


def release_hold(parts: TraceParts, hold: str) -> TraceHold:
    """Let go what a hold holds; its row stays. Raises NotFoundError."""
    found = parts.ledger.write(lambda tx: holds.release(tx, hold.strip(), actor=parts.actor))
    if found is None:
        with parts.ledger.read() as conn:
            known = [item.id for item in holds.find(conn)]
        raise NotFoundError("hold", hold, known=known, hint="`headrace trace hold list` shows them.")
    return _record(found)


def list_holds(parts: TraceParts, *, released: bool) -> HoldList:
    """Holds, newest first."""
    with parts.ledger.read() as conn:
        return HoldList(holds=tuple(map(_record, holds.find(conn, released=released))))


def _record(hold: Hold) -> TraceHold:
    return TraceHold(
        id=hold.id,
        trace_id=hold.trace_id,
        subject=hold.subject,
        since=_time(hold.since_ns),
        until=_time(hold.until_ns),
        reason=hold.reason,
        actor=hold.actor,
        added=moment(hold.added_at_us) or "",
        released=moment(hold.released_at_us),
        released_by=hold.released_by,
    )


def _time(time_ns: int | None) -> str | None:
    return None if time_ns is None else datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat()
