"""Erasures and how far each has come."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import sqlalchemy as sa

from headrace.ledger.identity import digest_bytes
from headrace.ledger.storage.rows import from_json, storable, to_json
from headrace.ledger.storage.tables.erasure import erasures as table

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from headrace.ledger.storage.writer import Write

State = Literal["hidden", "erased", "done", "undone"]
"""Hidden from readers; out of what readers see; scanned and certified; undone by a restored backup."""


class Erasure(NamedTuple):
    """One erasure."""

    id: str
    state: State
    actor: str
    reason: str
    requested_at_us: int
    finished_at_us: int | None
    found: Mapping[str, int]
    """Store to items found before it began."""
    sealed: bytes | None
    """The scope, encrypted, until it is done."""
    certificate: str | None


def new_id() -> str:
    """A name for an erasure to come."""
    return digest_bytes("erasure", secrets.token_bytes(32))


def start(
    tx: Write, erasure: str, *, actor: str, reason: str, found: Mapping[str, int], sealed: bytes
) -> None:
    """Record an erasure whose documents are hidden from now on."""
    row = (erasure, "hidden", actor, storable(reason), tx.now_us, None, to_json(found), sealed, None)
    tx.conn.execute(sa.insert(table).values(row))


def repeated(tx: Write, erasure: str, *, actor: str, requested_at_us: int) -> None:
    """Note an erasure that a restored ledger did not know of: what it took out may be back."""
    row = (
        erasure,
        "undone",
        actor,
        "known from the list of erasures",
        requested_at_us,
        None,
        "{}",
        None,
        None,
    )
    tx.conn.execute(sa.insert(table).values(row))


def erased(tx: Write, erasure: str) -> None:
    """Everything is out of what readers see."""
    _update(tx, erasure, state="erased")


def done(tx: Write, erasure: str, *, certificate: str) -> None:
    """The scan found nothing more; the scope itself is forgotten too."""
    _update(tx, erasure, state="done", finished_at_us=tx.now_us, sealed=None, certificate=certificate)


def unfinished(conn: Connection) -> list[Erasure]:
    """Erasures that a kill or an error interrupted, oldest first."""
    pending = table.c.state.in_(["hidden", "erased"])
    statement = sa.select(table).where(pending).order_by(table.c.requested_at_us)
    return [_erasure(row) for row in conn.execute(statement)]


def undone(conn: Connection) -> list[str]:
    """Erasures that a restored backup undid, as far as nobody has looked yet."""
    return sorted(conn.execute(sa.select(table.c.id).where(table.c.state == "undone")).scalars())


def repaired(tx: Write, erasures: Sequence[str]) -> None:
    """What these took out is out again."""
    for erasure in erasures:
        _update(tx, erasure, state="done", finished_at_us=tx.now_us)


def get(conn: Connection, erasure: str) -> Erasure | None:
    """Read one by its id."""
    row = conn.execute(sa.select(table).where(table.c.id == erasure)).one_or_none()
    return None if row is None else _erasure(row)


def ids(conn: Connection) -> list[str]:
    """Every erasure the ledger knows."""
    return sorted(conn.execute(sa.select(table.c.id)).scalars())


def _update(tx: Write, erasure: str, **values: Any) -> None:
    tx.conn.execute(sa.update(table).where(table.c.id == erasure).values(values))


def _erasure(row: Row[Any]) -> Erasure:
    values = row._asdict()
    sealed = values["sealed"]
    return Erasure(
        **{**values, "found": from_json(values["found"]), "sealed": None if sealed is None else bytes(sealed)}
    )
