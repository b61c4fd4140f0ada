"""Edges: this was derived from that, by this activity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from headrace.ledger.storage.rows import from_json, insert_new, to_json
from headrace.ledger.storage.tables.artifacts import edges as table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection

    from headrace.ledger.storage.writer import Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`target` was derived from `source`."""

    source: str
    target: str
    activity: str
    """What derived it: `moved_from`, `built_by`…"""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """JSON values; those of the first time an edge is linked stay."""


def link(tx: Write, edges: Iterable[Edge]) -> None:
    """Record edges; one that is already there is left as it is."""
    insert_new(
        tx.conn,
        table,
        [(edge.target, edge.source, edge.activity, to_json(edge.attributes), tx.now_us) for edge in edges],
    )


def upstream(conn: Connection, node: str) -> list[Edge]:
    """What a node was derived from, one step up."""
    return _edges(conn, table.c.target == node)


def downstream(conn: Connection, node: str) -> list[Edge]:
    """What was derived from a node, one step down."""
    return _edges(conn, table.c.source == node)


def _edges(conn: Connection, condition: ColumnElement[bool]) -> list[Edge]:
    statement = sa.select(table).where(condition).order_by(table.c.recorded_at_us)
    found = [
        Edge(
            source=row.source,
            target=row.target,
            activity=row.activity,
            attributes=from_json(row.attributes),
        )
        for row in conn.execute(statement)
    ]
    return sorted(found, key=lambda edge: (edge.source, edge.target, edge.activity))
