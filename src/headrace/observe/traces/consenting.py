"""Which traces may serve a purpose: only those all of whose users permit it, as of now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from headrace.errors import UsageError
from headrace.ledger import consents
from headrace.ledger.consents import PURPOSES, Purpose
from headrace.ledger.events.finding import SpanQuery

if TYPE_CHECKING:
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger

_MOST_SPANS = 1_000_000


def checked_purpose(purpose: str) -> Purpose:
    """A purpose that there is. Raises UsageError."""
    for known in PURPOSES:
        if purpose == known:
            return known
    raise UsageError(f"No purpose {purpose!r}. Allowed: {', '.join(PURPOSES)}.")


def users_of(
    events: EventStore, traces: Collection[str], *, since_ns: int | None = None
) -> dict[str, set[str]]:
    """The users of each of these traces, as keyed hashes; none for a trace that has none or is not there."""
    users: dict[str, set[str]] = {trace: set() for trace in traces}
    if users:
        query = SpanQuery(traces=list(users), since_ns=since_ns)
        for span in events.find(query, limit=_MOST_SPANS):
            if span.subject is not None:
                users[span.trace_id].add(span.subject)
    return users


def serving(
    ledger: Ledger, users: Mapping[str, Collection[str]], purpose: Purpose, *, anonymous_training: bool
) -> set[str]:
    """Those whose users all permit a purpose; what has no user serves evaluation, and training if it may."""
    with ledger.read() as conn:
        allowed = consents.allowed(conn, {user for of in users.values() for user in of}, purpose)
    anonymous = purpose == "eval" or anonymous_training
    return {name for name, of in users.items() if (allowed.issuperset(of) if of else anonymous)}
