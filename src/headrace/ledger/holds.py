"""Holds: traces that must be neither moved nor deleted until somebody releases them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from headrace.ledger.identity import digest_bytes
from headrace.ledger.storage.tables.keeping import trace_holds as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class Hold(NamedTuple):
    """Traces that meet every condition of it are held."""

    id: str
    trace_id: str | None
    subject: str | None
    """Keyed hash of a user."""
    since_ns: int | None
    until_ns: int | None
    """The end of a span, before."""
    reason: str
    actor: str
    added_at_us: int
    released_at_us: int | None = None
    released_by: str | None = None

    def covers(self, trace_id: str, subject: str | None, end_ns: int) -> bool:
        """Whether it holds a span of this trace and user."""
        return (
            self.trace_id in (None, trace_id)
            and self.subject in (None, subject)
            and (self.since_ns is None or end_ns >= self.since_ns)
            and (self.until_ns is None or end_ns < self.until_ns)
        )


def add(
    tx: Write,
    *,
    trace_id: str | None,
    subject: str | None,
    since_ns: int | None,
    until_ns: int | None,
    reason: str,
    actor: str,
) -> Hold:
    """Hold traces from now on."""
    hold = Hold(
        id=digest_bytes("hold", secrets.token_bytes(32)),
        trace_id=trace_id,
        subject=subject,
        since_ns=since_ns,
        until_ns=until_ns,
        reason=reason,
        actor=actor,
        added_at_us=tx.now_us,
    )
    tx.conn.execute(sa.insert(table).values(hold._asdict()))
    return hold


def release(tx: Write, id: str, *, actor: str) -> Hold | None:  # noqa: A002 - the word of the record
    """Let go what one holds; None where there is no such hold. Doing it twice is the same as once."""
    open_one = sa.and_(table.c.id == id, table.c.released_at_us.is_(None))
    values = {"released_at_us": tx.now_us, "released_by": actor}
    tx.conn.execute(sa.update(table).where(open_one).values(values))
    row = tx.conn.execute(_select().where(table.c.id == id)).one_or_none()
    return None if row is None else Hold(*row)


def find(conn: Connection, *, released: bool = False) -> Sequence[Hold]:
    """Holds, newest first; with `released` those that no longer hold, too."""
    wanted = sa.true() if released else table.c.released_at_us.is_(None)
    rows = conn.execute(_select().where(wanted).order_by(table.c.added_at_us.desc(), table.c.id))
    return [Hold(*row) for row in rows]


def _select() -> sa.Select[Any]:
    return sa.select(*(table.c[name] for name in Hold._fields))
