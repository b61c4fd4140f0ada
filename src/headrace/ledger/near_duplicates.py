"""Documents that a generation compares with each other: what they are compared by, and who yields to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import sqlalchemy as sa

from headrace.ledger import hidden
from headrace.ledger.storage.rows import delete_in, slices, upsert
from headrace.ledger.storage.tables.documents import near_duplicates as table
from headrace.ledger.storage.tables.generations import generations

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

Fate = Literal["served", "alias", "dropped"]
"""Whether a document is in the index, yields to another one as its alias, or yields and is left out."""


class Row(NamedTuple):
    """One document that takes part in the comparison."""

    uri: str
    source: str
    revision: str
    input_digest: str
    metadata_schema: str
    content: str
    """Hash of its normalised text, 32 hexadecimal digits; empty where the text has no words."""
    acl_id: int
    labels: str
    """The access labels it was compared under; empty where that has to be done anew."""
    modified_at_us: int | None
    winner: str | None = None
    """The URI it yields to; None for one that yields to none."""
    similarity: float | None = None
    """Estimated Jaccard index with that one."""
    fate: Fate = "served"


class Alias(NamedTuple):
    """A document whose content another one stands for."""

    uri: str
    winner: str
    similarity: float
    acl_id: int


_COLUMNS = [table.c[name] for name in Row._fields]
_ALIAS = [table.c[name] for name in Alias._fields]


def load(conn: Connection, generation: str) -> dict[str, Row]:
    """Every document of a generation that takes part, by URI."""
    statement = sa.select(*_COLUMNS).where(table.c.generation == generation)
    return {row[0]: Row._make(row) for row in conn.execute(statement)}


def alias_sources(conn: Connection, generation: str) -> dict[str, str]:
    """URI to source of the documents of a generation that yield to others and are not in its index."""
    statement = sa.select(table.c.uri, table.c.source).where(
        table.c.generation == generation, table.c.fate != "served"
    )
    return {row.uri: row.source for row in conn.execute(statement)}


def put(tx: Write, generation: str, rows: Sequence[Row]) -> None:
    """Set rows; the former one of each document is replaced."""
    upsert(tx.conn, table, [(generation, *row) for row in rows])


def remove(tx: Write, generation: str, uris: Sequence[str]) -> None:
    """Drop rows; unknown ones are passed over."""
    delete_in(tx.conn, table.c.uri, uris, generation=generation)


def remove_all(tx: Write, generation: str) -> None:
    """Drop every row of a generation."""
    tx.conn.execute(sa.delete(table).where(table.c.generation == generation))


def acl_ids(conn: Connection, generation: str) -> dict[str, int]:
    """URI to label set of the documents that are not in the index."""
    statement = sa.select(table.c.uri, table.c.acl_id).where(
        table.c.generation == generation, table.c.fate != "served"
    )
    return {row.uri: row.acl_id for row in conn.execute(statement)}


def set_acl(tx: Write, generation: str, acl_ids: Mapping[str, int]) -> None:
    """Give documents other access label sets: URI to acl id."""
    if acl_ids:
        statement = (
            sa.update(table)
            .where(table.c.generation == generation, table.c.uri == sa.bindparam("for_uri"))
            .values(acl_id=sa.bindparam("to_acl"))
        )
        tx.conn.execute(statement, [{"for_uri": uri, "to_acl": acl} for uri, acl in acl_ids.items()])


def aliases(
    conn: Connection, generation: str, winners: Sequence[str], admitted: Collection[int] | None
) -> dict[str, list[Alias]]:
    """The aliases of documents by winner, those most alike first.

    `admitted` holds the label sets that the caller may see; None for all. Hidden ones are left out.
    """
    found: dict[str, list[Alias]] = {}
    for part in slices(winners):
        statement = sa.select(*_ALIAS).where(
            table.c.generation == generation, table.c.winner.in_(part), table.c.fate == "alias"
        )
        for row in conn.execute(statement):
            if admitted is None or row.acl_id in admitted:
                found.setdefault(row.winner, []).append(Alias._make(row))
    if not found:
        return {}
    corpus = conn.execute(sa.select(generations.c.corpus).where(generations.c.id == generation)).scalar_one()
    out = hidden.load(conn, corpus)
    shown = {winner: [alias for alias in held if alias.uri not in out] for winner, held in found.items()}
    return {
        winner: sorted(held, key=lambda alias: (-alias.similarity, alias.uri))
        for winner, held in shown.items()
        if held
    }


def lookup(conn: Connection, generation: str, uri: str) -> Alias | None:
    """What a document that is an alias stands behind; None for one that is none."""
    statement = sa.select(*_ALIAS).where(
        table.c.generation == generation, table.c.uri == uri, table.c.fate == "alias"
    )
    row = conn.execute(statement).one_or_none()
    return None if row is None else Alias._make(row)


def contents(conn: Connection, corpus: str, *, without: Collection[str] = ()) -> set[str]:
    """The contents that documents of a corpus have in any generation, `without` some of them."""
    gone = set(without)
    statement = (
        sa.select(table.c.uri, table.c.content)
        .select_from(table.join(generations, generations.c.id == table.c.generation))
        .where(generations.c.corpus == corpus)
    )
    return {row.content for row in conn.execute(statement) if row.uri not in gone and row.content}
