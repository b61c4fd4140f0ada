"""Runs that measured how much of the traffic the cases cover, with the topics they found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import insert_new
from headrace.ledger.storage.tables.curation import coverage_runs, coverage_topics

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

TABLES = (coverage_topics.name,)
"""What a cleaning rewrites."""


class CoverageRow(NamedTuple):
    """A run, in the order of the table."""

    id: str
    at_us: int
    since_us: int
    """Traffic from then on was measured."""
    fingerprint: str
    """Of the embedder: topics of another one are not the same topics."""
    actor: str
    figures: str
    """JSON."""


class TopicRow(NamedTuple):
    """A topic of a run, in the order of the table."""

    run: str
    topic: int
    """The same topic has the same number in every run."""
    label: str
    queries: int
    figures: str
    """JSON."""
    centroid: bytes
    """float32."""


def add(tx: Write, run: CoverageRow, topics: Sequence[TopicRow]) -> None:
    """Keep a run."""
    insert_new(tx.conn, coverage_runs, [run])
    insert_new(tx.conn, coverage_topics, topics)


def last(conn: Connection, *, fingerprint: str | None = None) -> CoverageRow | None:
    """The newest run, or the newest one of an embedder."""
    found = runs(conn, fingerprint=fingerprint, limit=1)
    return found[0] if found else None


def runs(conn: Connection, *, fingerprint: str | None = None, limit: int = 100) -> tuple[CoverageRow, ...]:
    """Runs, newest first."""
    table = coverage_runs
    statement = sa.select(table).order_by(table.c.at_us.desc(), table.c.id).limit(limit)
    if fingerprint is not None:
        statement = statement.where(table.c.fingerprint == fingerprint)
    return tuple(CoverageRow._make(row) for row in conn.execute(statement))


def topics(conn: Connection, run: str) -> tuple[TopicRow, ...]:
    """The topics of a run, those with the most queries first."""
    table = coverage_topics
    statement = sa.select(table).where(table.c.run == run).order_by(table.c.queries.desc(), table.c.topic)
    return tuple(TopicRow._make(row) for row in conn.execute(statement))


def highest_topic(conn: Connection) -> int:
    """The highest number that a topic ever had; 0 before the first run."""
    return int(conn.execute(sa.select(sa.func.max(coverage_topics.c.topic))).scalar_one() or 0)


def labels(conn: Connection) -> tuple[tuple[str, int, str], ...]:
    """Run, topic and label of every topic."""
    table = coverage_topics
    return tuple((row.run, row.topic, row.label) for row in conn.execute(sa.select(table)))


def relabel(tx: Write, changes: Mapping[tuple[str, int], str]) -> None:
    """Give topics other labels."""
    table = coverage_topics
    for (run, topic), label in changes.items():
        tx.conn.execute(
            sa.update(table).where(table.c.run == run, table.c.topic == topic).values(label=label)
        )
