"""Physical indexes of a corpus, each built by one recipe. What they made visible is in `snapshots`."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from headrace.errors import NotFoundError
from headrace.ledger.identity import digest_bytes
from headrace.ledger.storage.rows import storable
from headrace.ledger.storage.tables import generations as table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Select

    from headrace.ledger.storage.writer import Write

State = Literal["building", "catching_up", "validating", "live", "retired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One physical index."""

    id: str
    corpus: str
    ordinal: int
    """1 is the first of its corpus."""
    recipe: str
    """Digest of the recipe that builds it."""
    fingerprint: str
    """Fingerprint of its one embedder."""
    state: State
    location: str
    """Where its files lie, as the index understands it."""
    created_at_us: int
    changed_at_us: int
    """When its state last changed."""
    actor: str
    reason: str


def new_id() -> str:
    """A name for a generation to come, for callers whose location contains it."""
    return digest_bytes("gen", secrets.token_bytes(32))


def create(
    tx: Write,
    *,
    corpus: str,
    recipe: str,
    fingerprint: str,
    location: str,
    actor: str,
    reason: str,
    state: State = "building",
    id: str | None = None,  # noqa: A002 - the column's name
) -> Generation:
    """Add a generation with the next ordinal of its corpus."""
    last = tx.conn.execute(
        sa.select(sa.func.max(table.c.ordinal)).where(table.c.corpus == corpus)
    ).scalar_one()
    generation = Generation(
        id=id or new_id(),
        corpus=corpus,
        ordinal=(last or 0) + 1,
        recipe=recipe,
        fingerprint=fingerprint,
        state=state,
        location=location,
        created_at_us=tx.now_us,
        changed_at_us=tx.now_us,
        actor=actor,
        reason=storable(reason),
    )
    tx.conn.execute(sa.insert(table).values(asdict(generation)))
    return generation


def find(
    conn: Connection, corpus: str, recipe: str, *, states: Sequence[State] | None = None
) -> Generation | None:
    """The newest generation of a corpus that a recipe builds, in any state or one of those given."""
    statement = sa.select(table).where(table.c.corpus == corpus, table.c.recipe == recipe)
    if states is not None:
        statement = statement.where(table.c.state.in_(states))
    return _first(conn, statement.order_by(table.c.ordinal.desc()).limit(1))


def get(conn: Connection, id: str) -> Generation | None:  # noqa: A002 - the column's name
    """Read a generation by its id."""
    return _first(conn, sa.select(table).where(table.c.id == id))


def set_state(
    tx: Write,
    id: str,  # noqa: A002 - the column's name
    state: State,
    *,
    actor: str,
    reason: str,
) -> Generation:
    """Move a generation to another state. Raises NotFoundError."""
    changed = {"state": state, "changed_at_us": tx.now_us, "actor": actor, "reason": storable(reason)}
    tx.conn.execute(sa.update(table).where(table.c.id == id).values(changed))
    generation = get(tx.conn, id)
    if generation is None:
        raise NotFoundError("generation", id)
    return generation


def list(conn: Connection, corpus: str | None = None) -> tuple[Generation, ...]:  # noqa: A001
    """Every generation of a corpus, or of all, oldest first."""
    statement = sa.select(table).order_by(table.c.corpus, table.c.ordinal)
    if corpus is not None:
        statement = statement.where(table.c.corpus == corpus)
    return tuple(Generation(**row) for row in conn.execute(statement).mappings())


def _first(conn: Connection, statement: Select[tuple[object, ...]]) -> Generation | None:
    row = conn.execute(statement).mappings().one_or_none()
    return None if row is None else Generation(**row)
