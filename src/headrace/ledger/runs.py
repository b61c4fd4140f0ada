"""Jobs: what ran, for whom, and how it ended."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from headrace.errors import NotFoundError
from headrace.ledger.identity import digest_bytes
from headrace.ledger.storage.rows import from_json, to_json
from headrace.ledger.storage.tables.generations import runs as table

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from headrace.ledger.storage.writer import Write

State = Literal["running", "done", "failed", "withheld", "crashed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One job."""

    id: str
    kind: str
    """sync…"""
    corpus: str
    actor: str
    state: State
    started_at_us: int
    finished_at_us: int | None
    progress: Mapping[str, Any]
    report: Mapping[str, Any]


def start(tx: Write, kind: str, corpus: str, *, actor: str) -> str:
    """Begin a job and return its id."""
    run_id = digest_bytes("run", secrets.token_bytes(32))
    row = (run_id, kind, corpus, actor, "running", tx.now_us, None, "{}", "{}")
    tx.conn.execute(sa.insert(table).values(row))
    return run_id


def progress(tx: Write, run_id: str, values: Mapping[str, Any]) -> None:
    """Say how far a job is. Raises NotFoundError."""
    _update(tx, run_id, {"progress": to_json(values)})


def finish(tx: Write, run_id: str, state: State, *, report: Mapping[str, Any]) -> None:
    """End a job with what it has to say, as JSON values. Raises NotFoundError."""
    _update(tx, run_id, {"state": state, "finished_at_us": tx.now_us, "report": to_json(report)})


def crash_orphans(tx: Write, corpus: str, *, kind: str, but: str | None = None) -> tuple[str, ...]:
    """Mark jobs that still count as running as crashed, except `but`; returns their ids.

    For the holder of the lease that such a job needs: nobody else can be running then.
    """
    condition = sa.and_(
        table.c.corpus == corpus, table.c.kind == kind, table.c.state == "running", table.c.id != (but or "")
    )
    ids = tuple(sorted(tx.conn.execute(sa.select(table.c.id).where(condition)).scalars()))
    if ids:
        tx.conn.execute(sa.update(table).where(condition).values(state="crashed", finished_at_us=tx.now_us))
    return ids


def get(conn: Connection, run_id: str) -> Run | None:
    """Read a job by its id."""
    row = conn.execute(sa.select(table).where(table.c.id == run_id)).one_or_none()
    return None if row is None else _run(row)


def last(conn: Connection, corpus: str, *, state: State | None = None, kind: str | None = None) -> Run | None:
    """The job of a corpus that started last, in any state and of any kind or in the ones given."""
    found = list(conn, corpus, limit=1, state=state, kind=kind)
    return found[0] if found else None


def list(  # noqa: A001
    conn: Connection,
    corpus: str | None = None,
    *,
    limit: int = 50,
    state: State | None = None,
    kind: str | None = None,
) -> tuple[Run, ...]:
    """Jobs, newest first."""
    statement = sa.select(table).order_by(table.c.started_at_us.desc()).limit(limit)
    for column, value in (("corpus", corpus), ("state", state), ("kind", kind)):
        if value is not None:
            statement = statement.where(table.c[column] == value)
    return tuple(_run(row) for row in conn.execute(statement))


def _update(tx: Write, run_id: str, values: Mapping[str, Any]) -> None:
    result = tx.conn.execute(sa.update(table).where(table.c.id == run_id).values(dict(values)))
    if result.rowcount == 0:
        raise NotFoundError("run", run_id)


def _run(row: Row[Any]) -> Run:
    values = row._asdict()
    return Run(**{**values, "progress": from_json(values["progress"]), "report": from_json(values["report"])})
