"""What each LLM step came to for each document of a generation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import delete_in, slices, storable, upsert
from headrace.ledger.storage.tables.steps import step_states as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

State = Literal["written", "failed", "waiting"]
"""`failed`: a dead letter tells why. `waiting`: nothing was decided yet, the next sync goes on."""

PREFIX = "gate:"
"""Before the name of a gate that asks a model, in the place of the name of a step, which holds no colon."""


class StepState(NamedTuple):
    """One step and one document."""

    uri: str
    step: str
    state: State
    reason: str
    keys: tuple[str, ...]
    """Of its outputs, or of its dead letter."""
    fields: tuple[str, ...]
    """What it wrote: metadata fields, `text` or `chunks`; those of a fallback too."""
    at_us: int = 0


def replace(tx: Write, generation: str, uris: Sequence[str], rows: Sequence[StepState]) -> None:
    """Set the states of documents; what stood of them before goes."""
    delete_in(tx.conn, table.c.uri, uris, generation=generation)
    upsert(tx.conn, table, [_stored(generation, row, tx.now_us) for row in rows])


def remove_all(tx: Write, generation: str) -> None:
    """Drop every state of a generation."""
    tx.conn.execute(sa.delete(table).where(table.c.generation == generation))


def unsettled(conn: Connection, generation: str, *, failed: Collection[str] = ()) -> set[str]:
    """Documents with a step that waits, or with one of these steps that failed."""
    wanted = table.c.state == "waiting"
    if failed:
        wanted |= (table.c.state == "failed") & table.c.step.in_(sorted(failed))
    statement = sa.select(table.c.uri).where(table.c.generation == generation, wanted)
    return set(conn.execute(statement).scalars())


def of(conn: Connection, generation: str, uris: Sequence[str]) -> dict[str, list[StepState]]:
    """The states of documents, by document and step."""
    found: dict[str, list[StepState]] = {}
    for part in slices(uris):
        statement = sa.select(table).where(table.c.generation == generation, table.c.uri.in_(part))
        for row in conn.execute(statement.order_by(table.c.uri, table.c.step)):
            found.setdefault(row.uri, []).append(_read(row))
    return found


def in_state(conn: Connection, generation: str, state: State) -> list[StepState]:
    """Every state of one kind in a generation, by document and step."""
    statement = sa.select(table).where(table.c.generation == generation, table.c.state == state)
    return [_read(row) for row in conn.execute(statement.order_by(table.c.uri, table.c.step))]


def counts(conn: Connection, generation: str) -> dict[str, Counter[str]]:
    """Step to how many documents are in which state."""
    statement = (
        sa.select(table.c.step, table.c.state, sa.func.count())
        .where(table.c.generation == generation)
        .group_by(table.c.step, table.c.state)
    )
    found: dict[str, Counter[str]] = {}
    for step, state, number in conn.execute(statement):
        found.setdefault(step, Counter())[state] = number
    return found


def _stored(generation: str, row: StepState, now_us: int) -> tuple[object, ...]:
    keys, fields = json.dumps(list(row.keys)), json.dumps(list(row.fields))
    return (generation, row.uri, row.step, row.state, storable(row.reason), keys, fields, now_us)


def _read(row: sa.Row[tuple[object, ...]]) -> StepState:
    return StepState(
        uri=row.uri,
        step=row.step,
        state=row.state,
        reason=row.reason,
        keys=tuple(json.loads(row.keys)),
        fields=tuple(json.loads(row.fields)),
        at_us=row.at_us,
    )
