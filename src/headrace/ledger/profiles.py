"""Profiles of users: a row with the version that counts, and every version that ever counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import delete_in, insert_new, slices
from headrace.ledger.storage.tables.sessions import profile_changes as changes_table
from headrace.ledger.storage.tables.sessions import profiles as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

TABLES = ("profiles", "profile_changes")
_MOST_EXPIRED = 50


class ProfileRow(NamedTuple):
    """One profile, in the order of the table."""

    name: str
    """Of its `[profiles.NAME]` table."""
    subject: str
    """Keyed hash of the user."""
    version: int
    """The one that counts, from 1."""
    created_at_us: int
    updated_at_us: int
    wrapped: bytes
    """Its key, wrapped."""


class ChangeRow(NamedTuple):
    """One version with what it changed, in the order of the table."""

    name: str
    subject: str
    version: int
    schema: str
    schema_version: int
    """In which it was written."""
    at_us: int
    actor: str
    sealed: bytes


def get(conn: Connection, name: str, subject: str) -> ProfileRow | None:
    """The profile of a user."""
    mine = sa.and_(table.c.name == name, table.c.subject == subject)
    row = conn.execute(sa.select(table).where(mine)).one_or_none()
    return None if row is None else _profile(row)


def find(
    conn: Connection, *, name: str | None = None, subjects: Sequence[str] | None = None, limit: int = 100
) -> list[ProfileRow]:
    """Profiles, the last changed first: of one name, or of some users."""
    wanted = [table.c.name == name] if name is not None else []
    wanted += [table.c.subject.in_(subjects)] if subjects is not None else []
    newest = sa.select(table).where(*wanted).order_by(table.c.updated_at_us.desc(), table.c.subject)
    return [_profile(row) for row in conn.execute(newest.limit(limit))]


def changes(conn: Connection, name: str, subject: str, *, limit: int = 100) -> list[ChangeRow]:
    """Versions of a profile, the newest first."""
    mine = sa.and_(changes_table.c.name == name, changes_table.c.subject == subject)
    statement = sa.select(changes_table).where(mine).order_by(changes_table.c.version.desc()).limit(limit)
    return [_change(row) for row in conn.execute(statement)]


def begin(tx: Write, row: ProfileRow) -> None:
    """Make room for a profile at version 0, unless it is there."""
    insert_new(tx.conn, table, [row])


def advance(tx: Write, change: ChangeRow) -> bool:
    """Add a version, if the one before it counts now; False where somebody else was first."""
    mine = sa.and_(
        table.c.name == change.name,
        table.c.subject == change.subject,
        table.c.version == change.version - 1,
    )
    values = {"version": change.version, "updated_at_us": tx.now_us}
    if tx.conn.execute(sa.update(table).where(mine).values(values)).rowcount != 1:
        return False
    tx.conn.execute(sa.insert(changes_table).values(change._replace(at_us=tx.now_us)._asdict()))
    return True


def remove(tx: Write, subjects: Sequence[str]) -> int:
    """Delete the profiles of users with their keys and history; returns how many versions there were."""
    gone = count(tx.conn, subjects)
    delete_in(tx.conn, changes_table.c.subject, subjects)
    delete_in(tx.conn, table.c.subject, subjects)
    return gone


def expire(tx: Write, name: str, *, before_us: int) -> int:
    """Delete profiles that nobody changed since a time, some of them at once; returns how many."""
    late = sa.select(table.c.subject).where(table.c.name == name, table.c.updated_at_us < before_us)
    found = list(tx.conn.execute(late.limit(_MOST_EXPIRED)).scalars())
    delete_in(tx.conn, changes_table.c.subject, found, name=name)
    delete_in(tx.conn, table.c.subject, found, name=name)
    return len(found)


def count(conn: Connection, subjects: Sequence[str]) -> int:
    """How many versions these users' profiles have."""
    counted = sa.select(sa.func.count()).select_from(changes_table)
    return sum(
        int(conn.execute(counted.where(changes_table.c.subject.in_(part))).scalar_one())
        for part in slices(subjects)
    )


def rewrite(tx: Write, changes: Sequence[ChangeRow]) -> None:
    """Put other bodies into versions."""
    for row in changes:
        mine = sa.and_(
            changes_table.c.name == row.name,
            changes_table.c.subject == row.subject,
            changes_table.c.version == row.version,
        )
        tx.conn.execute(sa.update(changes_table).where(mine).values(sealed=row.sealed))


def _profile(row: sa.Row[tuple[object, ...]]) -> ProfileRow:
    found = ProfileRow._make(row)
    return found._replace(wrapped=bytes(found.wrapped))


def _change(row: sa.Row[tuple[object, ...]]) -> ChangeRow:
    found = ChangeRow._make(row)
    return found._replace(sealed=bytes(found.sealed))
