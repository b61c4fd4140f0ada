"""What is kept of the quality of documents, beside their applied state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import from_json, slices
from headrace.ledger.storage.tables.documents import documents as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class KeptQuality(NamedTuple):
    """What a score is made of."""

    uri: str
    title: str | None
    acl_id: int
    modified_at_us: int | None
    quality: Mapping[str, float]
    """Parts by the text alone; empty for a document that was indexed before there was a score."""
    copied: float | None
    """Share of its text that another document has; None until the end of its first run."""
    in_links: int | None
    """Documents that link to it; None where no document links to another."""


class Neighbour(NamedTuple):
    """What documents are compared by."""

    uri: str
    acl_id: int
    modified_at_us: int | None
    phrases: bytes | None
    links: bytes | None
    copied: float | None
    in_links: int | None


class Among(NamedTuple):
    """How a document stands among the others."""

    uri: str
    copied: float
    in_links: int | None


_KEPT = sa.select(*(table.c[name] for name in KeptQuality._fields)).where(
    table.c.generation == sa.bindparam("generation"), table.c.state == "live"
)
_NEIGHBOURS = sa.select(*(table.c[name] for name in Neighbour._fields)).where(
    table.c.generation == sa.bindparam("generation")
)


def lookup(conn: Connection, generation: str, uris: Sequence[str]) -> dict[str, KeptQuality]:
    """What is kept of live documents, by URI; unknown ones are left out."""
    found: dict[str, KeptQuality] = {}
    for part in slices(uris):
        rows = conn.execute(_KEPT.where(table.c.uri.in_(part)), {"generation": generation})
        found.update((row.uri, _kept(row)) for row in rows)
    return found


def load(conn: Connection, generation: str) -> list[KeptQuality]:
    """What is kept of every live document of a generation, in no particular order."""
    return [_kept(row) for row in conn.execute(_KEPT, {"generation": generation})]


def neighbours(conn: Connection, generation: str) -> list[Neighbour]:
    """What the documents of a generation are compared by, in no particular order."""
    return [Neighbour._make(row) for row in conn.execute(_NEIGHBOURS, {"generation": generation})]


def set_among(tx: Write, generation: str, rows: Iterable[Among]) -> None:
    """Set how documents stand among the others."""
    values = [{"for_uri": row.uri, "copied": row.copied, "in_links": row.in_links} for row in rows]
    if not values:
        return
    statement = (
        sa.update(table)
        .where(table.c.generation == generation, table.c.uri == sa.bindparam("for_uri"))
        .values(copied=sa.bindparam("copied"), in_links=sa.bindparam("in_links"))
    )
    tx.conn.execute(statement, values)


def _kept(row: sa.Row[tuple[object, ...]]) -> KeptQuality:
    values = KeptQuality._make(tuple(row))
    return values._replace(quality=from_json(str(values.quality)))
