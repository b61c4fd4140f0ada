"""What users allow to be done with what they said: an append-only record, read as of its last decision.

A user is a keyed hash (`ledger.erasure.keyring.Keyring.subject`). Eval is allowed until it is refused;
training is refused until it is allowed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import sqlalchemy as sa

from headrace.ledger.storage.rows import insert_new, slices
from headrace.ledger.storage.tables.consents import consents as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

Purpose = Literal["eval", "training"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
DEFAULTS: Mapping[Purpose, bool] = {"eval": True, "training": False}
"""What holds for a user who never decided."""


class Decision(NamedTuple):
    """What a user decided once."""

    subject: str
    purpose: Purpose
    decided_at_us: int
    allowed: bool
    actor: str
    reason: str


def decide(
    tx: Write, subject: str, decisions: Mapping[Purpose, bool], *, actor: str, reason: str = ""
) -> list[Decision]:
    """Record what a user decided; what is so already is left as it is. Returns what changed."""
    current = current_of(tx.conn, [subject])
    changed = [
        Decision(subject, purpose, tx.now_us, allowed, actor, reason)
        for purpose, allowed in decisions.items()
        if current.get((subject, purpose)) != allowed
    ]
    rows = [(d.subject, d.purpose, d.decided_at_us, int(d.allowed), d.actor, d.reason) for d in changed]
    insert_new(tx.conn, table, rows)
    return changed


def current_of(conn: Connection, subjects: Collection[str]) -> dict[tuple[str, Purpose], bool]:
    """The last decision of each of these users for each purpose; who never decided is left out."""
    found: dict[tuple[str, Purpose], bool] = {}
    for part in slices(sorted(set(subjects))):
        rows = conn.execute(
            sa.select(table.c.subject, table.c.purpose, table.c.allowed)
            .where(table.c.subject.in_(part))
            .order_by(table.c.decided_at_us)
        )
        found.update({(subject, purpose): bool(allowed) for subject, purpose, allowed in rows})
    return found


def allowed(conn: Connection, subjects: Collection[str], purpose: Purpose) -> set[str]:
    """Those of these users whose words may serve a purpose."""
    current = current_of(conn, subjects)
    return {subject for subject in subjects if current.get((subject, purpose), DEFAULTS[purpose])}


def history(conn: Connection, subject: str | None = None, *, limit: int = 100) -> Sequence[Decision]:
    """Decisions, newest first: of one user, or of all."""
    wanted = sa.true() if subject is None else table.c.subject == subject
    rows = conn.execute(
        sa.select(table).where(wanted).order_by(table.c.decided_at_us.desc(), table.c.purpose).limit(limit)
    )
    return [
        Decision(
            subject=row.subject,
            purpose=row.purpose,
            decided_at_us=row.decided_at_us,
            allowed=bool(row.allowed),
            actor=row.actor,
            reason=row.reason,
        )
        for row in rows
    ]
