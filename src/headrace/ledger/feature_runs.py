"""Runs that put the values of a feature view into the online store: what they saw and how they ended."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import sqlalchemy as sa

from headrace.ledger.identity import digest_bytes
from headrace.ledger.storage.rows import from_json, to_json
from headrace.ledger.storage.tables.features import feature_runs as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

State = Literal["running", "done", "held"]


class Run(NamedTuple):
    """One run."""

    id: str
    view: str
    digest: str
    """Of the declaration of the view."""
    state: State
    as_of_us: int
    started_at_us: int
    finished_at_us: int | None
    actor: str
    written: int
    removed: int
    reasons: Sequence[str]
    profile: Mapping[str, Any]


def begin(
    tx: Write,
    view: str,
    *,
    digest: str,
    as_of_us: int,
    actor: str,
    profile: Mapping[str, Any],
    reasons: Sequence[str],
    state: State,
) -> Run:
    """Record a run: one that is going to write, or one that is held back."""
    run = Run(
        id=digest_bytes("run", secrets.token_bytes(32)),
        view=view,
        digest=digest,
        state=state,
        as_of_us=as_of_us,
        started_at_us=tx.now_us,
        finished_at_us=tx.now_us if state == "held" else None,
        actor=actor,
        written=0,
        removed=0,
        reasons=list(reasons),
        profile=profile,
    )
    row = run._asdict() | {"reasons": to_json({"reasons": list(reasons)}), "profile": to_json(profile)}
    tx.conn.execute(sa.insert(table).values(row))
    return run


def finish(tx: Write, run: str, *, written: int, removed: int) -> None:
    """Everything of a run is in the online store."""
    values = {"state": "done", "finished_at_us": tx.now_us, "written": written, "removed": removed}
    tx.conn.execute(sa.update(table).where(table.c.id == run).values(values))


def last(conn: Connection, view: str, *states: State) -> Run | None:
    """The latest run of a view in one of these states."""
    wanted = sa.and_(table.c.view == view, table.c.state.in_(states))
    statement = sa.select(table).where(wanted).order_by(table.c.started_at_us.desc()).limit(1)
    row = conn.execute(statement).one_or_none()
    if row is None:
        return None
    values = row._asdict()
    reasons = from_json(values["reasons"])["reasons"]
    return Run(**{**values, "reasons": reasons, "profile": from_json(values["profile"])})
