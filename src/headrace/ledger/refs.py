"""Names that point to artifacts, with their whole history."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

import sqlalchemy as sa

from headrace.errors import RefConflict
from headrace.ledger.storage.rows import storable
from headrace.ledger.storage.tables.artifacts import refs as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class AnyTarget(Enum):
    """The type of `ANY`."""

    ANY = "any"


ANY: Final = AnyTarget.ANY
"""As `expect`: move the ref whatever it points to."""


class RefRow(NamedTuple):
    """One step in the history of a ref; it ends where the next begins."""

    name: str
    seq: int
    """1 is the first."""
    artifact: str
    valid_from_us: int
    recorded_at_us: int
    actor: str
    reason: str


# Made once, because every call reads a pointer: building it takes longer than running it.
_NEWEST = sa.select(table).where(table.c.name == sa.bindparam("name")).order_by(table.c.seq.desc()).limit(1)


def move(
    tx: Write,
    name: str,
    artifact: str,
    *,
    expect: str | AnyTarget | None = ANY,
    actor: str,
    reason: str,
    anew: bool = False,
) -> RefRow:
    """Point a ref to an artifact; pointing it where it already points adds nothing, unless `anew`.

    `expect` is what it must point to now, None for a ref that must not exist yet. Raises RefConflict.
    """
    current = read(tx.conn, name)
    found = current.artifact if current is not None else None
    if not isinstance(expect, AnyTarget) and expect != found:
        raise RefConflict(name, expected=expect, found=found)
    if current is not None and current.artifact == artifact and not anew:
        return current
    row = RefRow(
        name=name,
        seq=1 if current is None else current.seq + 1,
        artifact=artifact,
        valid_from_us=tx.now_us,
        recorded_at_us=tx.now_us,
        actor=actor,
        reason=storable(reason),
    )
    tx.conn.execute(sa.insert(table).values(row._asdict()))
    return row


def read(conn: Connection, name: str) -> RefRow | None:
    """What a ref points to now."""
    row = conn.execute(_NEWEST, {"name": name}).one_or_none()
    return None if row is None else RefRow(*row)


def history(conn: Connection, name: str) -> list[RefRow]:
    """Every step of a ref, oldest first."""
    statement = sa.select(table).where(table.c.name == name).order_by(table.c.seq)
    return [RefRow(*row) for row in conn.execute(statement)]


def under(conn: Connection, prefix: str) -> list[RefRow]:
    """Every step of every ref whose name starts like this, oldest first."""
    statement = sa.select(table).where(table.c.name.startswith(prefix, autoescape=True))
    rows = (RefRow(*row) for row in conn.execute(statement))
    # LIKE of SQLite takes capitals for small letters.
    found = [row for row in rows if row.name.startswith(prefix)]
    return sorted(found, key=lambda row: (row.valid_from_us, row.name, row.seq))


def at(conn: Connection, time_us: int) -> list[RefRow]:
    """What every ref pointed to at a time, by name."""
    newest = (
        sa.select(table.c.name, sa.func.max(table.c.seq).label("seq"))
        .where(table.c.valid_from_us <= time_us)
        .group_by(table.c.name)
        .subquery()
    )
    statement = sa.select(table).join(
        newest, sa.and_(table.c.name == newest.c.name, table.c.seq == newest.c.seq)
    )
    return sorted(RefRow(*row) for row in conn.execute(statement))


def names(conn: Connection) -> list[str]:
    """Every ref there ever was, by name."""
    return sorted(conn.execute(sa.select(table.c.name).distinct()).scalars())


def way_back(steps: Sequence[str]) -> list[str]:
    """What a name pointed to, oldest first; a return to something earlier takes back what lay between."""
    line: list[str] = []
    for digest in steps:
        if digest in line:
            del line[line.index(digest) + 1 :]
        else:
            line.append(digest)
    return line
