"""Immutable things, named by their content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from headrace.ledger.identity import decode, digest, encode
from headrace.ledger.storage.rows import insert_new, slices
from headrace.ledger.storage.tables.artifacts import artifacts as table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from headrace.ledger.storage.writer import Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A stored thing."""

    digest: str
    kind: str
    body: Any
    """What was put, with tuples as lists."""
    created_at_us: int
    """When it was first put."""


def put(tx: Write, kind: str, body: object) -> str:
    """Store a thing and return its digest; one that is already there is left as it is."""
    name = digest(kind, body)
    insert_new(tx.conn, table, [(name, kind, encode(body), tx.now_us)])
    return name


def get(conn: Connection, digest: str) -> Artifact | None:
    """Read a thing by its digest."""
    row = conn.execute(sa.select(table).where(table.c.digest == digest)).one_or_none()
    return None if row is None else _artifact(row)


def get_many(conn: Connection, digests: Sequence[str]) -> dict[str, Artifact]:
    """Read several things by their digests; unknown ones are left out."""
    found: dict[str, Artifact] = {}
    for part in slices(digests):
        for row in conn.execute(sa.select(table).where(table.c.digest.in_(part))):
            found[row.digest] = _artifact(row)
    return found


def _artifact(row: Row[Any]) -> Artifact:
    return Artifact(digest=row.digest, kind=row.kind, body=decode(row.body), created_at_us=row.created_at_us)
