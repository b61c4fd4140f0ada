"""Closes and deletes sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.ledger import sessions
from headrace.ledger.storage.cleaning import clean_ledger
from headrace.observe.sessions.log import required
from headrace.records.sessions import SessionChange

if TYPE_CHECKING:
    from headrace.observe.sessions.parts import SessionParts
    from headrace.records.keys import Caller


def close(parts: SessionParts, session: str, *, caller: Caller | None) -> SessionChange:
    """Take no more turns."""
    row = required(parts, session, caller=caller)
    parts.ledger.write(lambda tx: sessions.close(tx, session))
    return SessionChange(session=session, state="closed", turns=row.turns)


def delete(parts: SessionParts, session: str, *, caller: Caller | None) -> SessionChange:
    """Delete the session, and what the log and free pages of the ledger hold of it."""
    required(parts, session, caller=caller)
    turns = parts.ledger.write(lambda tx: sessions.remove(tx, [session]))
    clean_ledger(parts.ledger, set(sessions.TABLES))
    return SessionChange(session=session, state="deleted", turns=turns)
