"""Shows sessions: which there are, and what was said in one of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.ledger import sessions
from headrace.ledger.sessions import SessionRow
from headrace.observe.sessions.log import load, required, subject_of
from headrace.observe.sessions.memory import summaries
from headrace.records.sessions import Session, SessionDetail, SessionList, Turn
from headrace.records.times import rfc3339

if TYPE_CHECKING:
    from headrace.observe.sessions.parts import SessionParts
    from headrace.records.keys import Caller


def listed(parts: SessionParts, *, user: str | None, limit: int, caller: Caller | None) -> SessionList:
    """Sessions that have not expired, the last used first."""
    since_us = time.time_ns() // 1000 - parts.keep_us
    subject = subject_of(parts, user)
    with parts.ledger.read() as conn:
        rows = sessions.find(
            conn, subject=subject, owner=caller.name if caller else None, since_us=since_us, limit=limit
        )
    return SessionList(sessions=[session_of(parts, row) for row in rows])


def shown(
    parts: SessionParts,
    session: str,
    *,
    last: int | None,
    access: Sequence[str] | None,
    caller: Caller | None,
) -> SessionDetail:
    """A session as a caller with these labels may see it; None opens all but what is hidden."""
    row = required(parts, session, caller=caller)
    turns = load(parts, row, last=last)
    seen = visible(parts, turns, access)
    made = summaries(parts, row, access=access)
    return SessionDetail(
        session=session_of(parts, row), items=seen, withheld=len(turns) - len(seen), summaries=made
    )


def visible(parts: SessionParts, turns: Sequence[Turn], access: Sequence[str] | None) -> list[Turn]:
    """Turns whose documents are all open to these labels."""
    names = sorted({name for turn in turns for name in turn.documents})
    allowed = parts.visible(names, access) if names else set()
    return [turn for turn in turns if allowed.issuperset(turn.documents)]


def session_of(parts: SessionParts, row: SessionRow) -> Session:
    """The record of a row."""
    return Session(
        id=row.id,
        subject=row.subject,
        created_at=rfc3339(row.created_at_us),
        updated_at=rfc3339(row.updated_at_us),
        closed_at=None if row.closed_at_us is None else rfc3339(row.closed_at_us),
        expires_at=rfc3339(row.updated_at_us + parts.keep_us),
        turns=row.turns,
        tokens=row.tokens,
    )
