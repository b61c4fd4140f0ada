"""What happened to each document, step by step; rows are only ever added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import from_json, insert_new, to_json
from headrace.ledger.storage.tables.documents import document_history as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class Step(NamedTuple):
    """One step in the life of a document."""

    uri: str
    event: str
    """indexed, deleted, moved, failed, yielded, deprecated, undeprecated, superseded or current."""
    generation: str = ""
    """The generation it happened in; empty where it concerns the document itself."""
    revision: str | None = None
    run_id: str | None = None
    detail: Mapping[str, Any] | None = None
    listed_at_us: int | None = None
    """When the listing was made that showed it; set when it is added, like the next."""
    at_us: int = 0


def add(tx: Write, corpus: str, steps: Iterable[Step], *, listed_at_us: int | None = None) -> None:
    """Add steps at the time of the transaction."""
    rows = [
        (
            step.uri,
            tx.now_us,
            step.event,
            corpus,
            step.generation,
            step.revision,
            listed_at_us,
            step.run_id,
            to_json(step.detail or {}),
        )
        for step in steps
    ]
    insert_new(tx.conn, table, rows)


def of(conn: Connection, corpus: str, uri: str, *, limit: int = 1000) -> tuple[Step, ...]:
    """The steps of a document, oldest first; at most the last `limit`."""
    statement = (
        sa.select(table)
        .where(table.c.uri == uri, table.c.corpus == corpus)
        .order_by(table.c.at_us.desc(), table.c.event, table.c.generation)
        .limit(limit)
    )
    steps = []
    for row in conn.execute(statement):
        values = row._asdict()
        del values["corpus"]
        steps.append(Step(**{**values, "detail": from_json(values["detail"])}))
    return tuple(reversed(steps))


def changed_since(conn: Connection, corpus: str, generation: str, time_us: int) -> int:
    """How many documents of a generation came, changed or went after a time."""
    statement = sa.select(sa.func.count(sa.distinct(table.c.uri))).where(
        table.c.corpus == corpus,
        table.c.generation == generation,
        table.c.at_us > time_us,
        table.c.event.in_(("indexed", "deleted", "moved")),
    )
    return int(conn.execute(statement).scalar_one())
