"""Keys of callers: who may ask over HTTP, for what, and how much of it by day. Secrets are keyed hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.tables.access_keys import access_key_uses as uses
from headrace.ledger.storage.tables.access_keys import access_keys as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

_DAY_US = 86_400_000_000


class AccessKeyRow(NamedTuple):
    """A key, in the order of the table."""

    id: str
    name: str
    secret: str
    """Keyed hash."""
    scopes: str
    """With commas between."""
    access: str
    """Labels as a JSON list."""
    per_minute: int | None
    tokens_per_day: int | None
    micro_per_day: int | None
    currency: str | None
    created_at_us: int
    created_by: str
    revoked_at_us: int | None
    revoked_by: str | None


class UseRow(NamedTuple):
    """What a key has used in one day."""

    calls: int = 0
    tokens: int = 0
    cost_micro: int = 0
    unpriced: int = 0
    """Calls whose price nobody knows; they cost, and count as nothing."""


class KeyedUse(NamedTuple):
    """A key with what it has used."""

    key: AccessKeyRow
    use: UseRow


_COLUMNS = len(table.columns)
_USED = (uses.c.calls, uses.c.tokens, uses.c.cost_micro, uses.c.unpriced)
_joined = (
    sa.select(*table.columns, *_USED)
    .select_from(table.outerjoin(uses, (uses.c.key == table.c.id) & (uses.c.day == sa.bindparam("today"))))
    .order_by(table.c.created_at_us)
)
_by_secret = _joined.where(table.c.secret == sa.bindparam("hashed"))
_any = sa.select(sa.literal(1)).select_from(table).limit(1)


def day_of(time_us: int) -> int:
    """The UTC day of a time, counted from 1970."""
    return time_us // _DAY_US


def any_made(conn: Connection) -> bool:
    """Whether a key was ever made, revoked ones included: from then on nobody gets in without one."""
    return conn.execute(_any).first() is not None


def find(conn: Connection, secret: str, *, day: int) -> KeyedUse | None:
    """The key of a hashed secret, with its use of a day."""
    row = conn.execute(_by_secret, {"hashed": secret, "today": day}).one_or_none()
    return None if row is None else _read(row)


def everything(conn: Connection, *, day: int) -> list[KeyedUse]:
    """All keys, oldest first, with their use of a day."""
    return [_read(row) for row in conn.execute(_joined, {"today": day})]


def named(conn: Connection, name: str) -> AccessKeyRow | None:
    """The key of a name that is not revoked."""
    statement = sa.select(table).where(table.c.name == name, table.c.revoked_at_us.is_(None))
    row = conn.execute(statement).one_or_none()
    return None if row is None else AccessKeyRow(*row)


def add(tx: Write, row: AccessKeyRow) -> None:
    """Keep a new key."""
    tx.conn.execute(sa.insert(table).values(row._asdict()))


def revoke(tx: Write, id: str, *, actor: str) -> None:  # noqa: A002 - the name of the column
    """End a key; it counts from the next request on."""
    tx.conn.execute(
        sa.update(table)
        .where(table.c.id == id, table.c.revoked_at_us.is_(None))
        .values(revoked_at_us=tx.now_us, revoked_by=actor)
    )


def count_use(tx: Write, key: str, *, day: int, used: UseRow) -> None:
    """Add to what a key has used in a day."""
    values = used._asdict()
    added = {name: uses.c[name] + number for name, number in values.items()}
    done = tx.conn.execute(sa.update(uses).where(uses.c.key == key, uses.c.day == day).values(added))
    if done.rowcount == 0:
        tx.conn.execute(sa.insert(uses).values(key=key, day=day, **values))


def _read(row: sa.Row[*tuple[Any, ...]]) -> KeyedUse:
    used = row[_COLUMNS:]
    return KeyedUse(AccessKeyRow(*row[:_COLUMNS]), UseRow() if used[0] is None else UseRow(*used))
