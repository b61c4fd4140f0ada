"""Turns of the loop: which steps of a turn are finished, and of what inputs."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import sqlalchemy as sa

from headrace.ledger.identity import digest_bytes
from headrace.ledger.storage.rows import from_json, to_json
from headrace.ledger.storage.tables.releases import loop_steps, loop_turns

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

TurnState = Literal["running", "done", "waiting", "failed"]
StepState = Literal["done", "same", "absent", "waiting", "failed"]


class Turn(NamedTuple):
    """One turn of an environment."""

    id: str
    environment: str
    number: int
    """1 is the first."""
    state: TurnState
    started_at_us: int
    finished_at_us: int | None
    actor: str


class StepRow(NamedTuple):
    """One finished step."""

    turn: str
    step: str
    inputs: str
    """Digest of what it was given."""
    state: StepState
    report: Mapping[str, Any]
    finished_at_us: int


def last(conn: Connection, environment: str) -> Turn | None:
    """The newest turn."""
    statement = sa.select(loop_turns).where(loop_turns.c.environment == environment)
    row = conn.execute(statement.order_by(loop_turns.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else Turn(*row)


def begin(tx: Write, environment: str, *, actor: str) -> Turn:
    """The turn that was cut off, or a new one."""
    before = last(tx.conn, environment)
    if before is not None and before.state == "running":
        return before
    turn = Turn(
        id=digest_bytes("turn", secrets.token_bytes(32)),
        environment=environment,
        number=1 if before is None else before.number + 1,
        state="running",
        started_at_us=tx.now_us,
        finished_at_us=None,
        actor=actor,
    )
    tx.conn.execute(sa.insert(loop_turns).values(turn._asdict()))
    return turn


def steps(conn: Connection, turn: str) -> dict[str, StepRow]:
    """The finished steps of a turn by their names."""
    rows = conn.execute(sa.select(loop_steps).where(loop_steps.c.turn == turn))
    return {row.step: StepRow(*row)._replace(report=from_json(row.report)) for row in rows}


def finish_step(
    tx: Write, turn: str, step: str, *, inputs: str, state: StepState, report: Mapping[str, Any]
) -> StepRow:
    """A step is over: what it did instead of what an earlier try of the same turn did."""
    row = StepRow(turn, step, inputs, state, report, tx.now_us)
    tx.conn.execute(sa.delete(loop_steps).where(loop_steps.c.turn == turn, loop_steps.c.step == step))
    tx.conn.execute(sa.insert(loop_steps).values(row._asdict() | {"report": to_json(report)}))
    return row


def finish(tx: Write, turn: str, state: TurnState) -> None:
    """A turn is over."""
    values = {"state": state, "finished_at_us": tx.now_us}
    tx.conn.execute(sa.update(loop_turns).where(loop_turns.c.id == turn).values(values))


def earlier(conn: Connection, environment: str, step: str, inputs: str) -> StepRow | None:
    """The last time that a step was done with these inputs, in any turn of an environment."""
    statement = (
        sa.select(loop_steps)
        .join(loop_turns, loop_turns.c.id == loop_steps.c.turn)
        .where(
            loop_turns.c.environment == environment,
            loop_steps.c.step == step,
            loop_steps.c.inputs == inputs,
            loop_steps.c.state.in_(("done", "same")),
        )
        .order_by(loop_steps.c.finished_at_us.desc())
        .limit(1)
    )
    row = conn.execute(statement).one_or_none()
    return None if row is None else StepRow(*row)._replace(report=from_json(row.report))
