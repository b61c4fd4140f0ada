"""Rows of records and of the documents they were derived from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import insert_new, slices
from headrace.ledger.storage.tables.calls import record_documents as links
from headrace.ledger.storage.tables.calls import records as table

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from headrace.ledger.storage.writer import Write

TABLES = (table.name, links.name)


class RecordRow(NamedTuple):
    """One record; its columns in the order of the table."""

    id: str
    schema: str
    version: int
    """Of the schema, as it was written."""
    schema_digest: str
    model: str
    prompt: str | None
    rendered: str
    generation: str | None
    release: str | None
    trace_id: str
    span_id: str
    event_time_us: int
    known_at_us: int
    """When the ledger took it."""
    repair: str | None
    subject: str | None
    """A keyed hash."""
    sealed: bytes | None
    """Value and original bytes; None once it is erased."""
    rewritten_version: int | None = None
    rewritten_chain: str | None = None
    rewritten: bytes | None = None
    """The value in a newer version, made by the chain of that fingerprint."""
    erased_at_us: int | None = None


class Link(NamedTuple):
    """A chunk that a record was derived from."""

    record: str
    corpus: str
    uri: str
    chunk_id: str
    revision: str


def insert(tx: Write, rows: Sequence[RecordRow], derived: Sequence[Link]) -> None:
    """Add records; one that is there already is left as it is."""
    insert_new(tx.conn, table, [tuple(row._replace(known_at_us=tx.now_us)) for row in rows])
    insert_new(tx.conn, links, [tuple(link) for link in derived])


def get(conn: Connection, record: str) -> RecordRow | None:
    """Read one by its id."""
    row = conn.execute(sa.select(table).where(table.c.id == record)).one_or_none()
    return None if row is None else _row(row)


def newest(
    conn: Connection, *, schema: str | None = None, trace: str | None = None, limit: int
) -> list[RecordRow]:
    """Records, newest first."""
    statement = sa.select(table).order_by(table.c.known_at_us.desc(), table.c.id).limit(limit)
    for column, wanted in ((table.c.schema, schema), (table.c.trace_id, trace)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    return [_row(row) for row in conn.execute(statement)]


def documents_of(conn: Connection, records: Sequence[str]) -> dict[str, list[Link]]:
    """What each record was derived from."""
    found: dict[str, list[Link]] = {record: [] for record in records}
    for part in slices(records):
        statement = sa.select(links).where(links.c.record.in_(part)).order_by(*links.primary_key.columns)
        for row in conn.execute(statement):
            link = _link(row)
            found[link.record].append(link)
    return found


def counts(conn: Connection, schema: str) -> dict[int, int]:
    """How many records a schema has in each version, as they were written; erased ones are not counted."""
    statement = (
        sa.select(table.c.version, sa.func.count())
        .where(table.c.schema == schema, table.c.erased_at_us.is_(None))
        .group_by(table.c.version)
        .order_by(table.c.version)
    )
    return {int(version): int(count) for version, count in conn.execute(statement)}


def digests(conn: Connection, schema: str) -> dict[int, set[str]]:
    """The schemas that records of each version were valid by."""
    found: dict[int, set[str]] = {}
    statement = sa.select(table.c.version, table.c.schema_digest).where(table.c.schema == schema).distinct()
    for version, digest in conn.execute(statement):
        found.setdefault(int(version), set()).add(digest)
    return found


def sample(conn: Connection, schema: str, version: int, *, limit: int) -> list[RecordRow]:
    """Records of one version, chosen at random."""
    mine = (table.c.schema == schema, table.c.version == version, table.c.erased_at_us.is_(None))
    chosen = sa.select(table.c.id).where(*mine).order_by(sa.func.random()).limit(limit)
    statement = sa.select(table).where(table.c.id.in_(chosen.scalar_subquery())).order_by(table.c.id)
    return [_row(row) for row in conn.execute(statement)]


def page(conn: Connection, schema: str, version: int, *, after: str, limit: int) -> list[RecordRow]:
    """Records of one version, by id."""
    statement = (
        sa.select(table)
        .where(
            table.c.schema == schema,
            table.c.version == version,
            table.c.id > after,
            table.c.erased_at_us.is_(None),
        )
        .order_by(table.c.id)
        .limit(limit)
    )
    return [_row(row) for row in conn.execute(statement)]


def outdated(
    conn: Connection, schema: str, *, version: int, chain: str, after: str, limit: int
) -> list[RecordRow]:
    """Records below a version that no chain of this fingerprint has rewritten to it yet, by id."""
    stale = sa.or_(
        table.c.rewritten_version.is_(None),
        table.c.rewritten_version != version,
        table.c.rewritten_chain != chain,
    )
    statement = (
        sa.select(table)
        .where(
            table.c.schema == schema,
            table.c.version < version,
            table.c.id > after,
            table.c.erased_at_us.is_(None),
            stale,
        )
        .order_by(table.c.id)
        .limit(limit)
    )
    return [_row(row) for row in conn.execute(statement)]


def rewrite(tx: Write, rows: Iterable[tuple[str, bytes]], *, version: int, chain: str) -> None:
    """Set the newer value of records; one that was erased meanwhile stays erased."""
    given = [{"record": record, "body": sealed} for record, sealed in rows]
    statement = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("record"), table.c.erased_at_us.is_(None))
        .values(rewritten_version=version, rewritten_chain=chain, rewritten=sa.bindparam("body"))
    )
    if given:
        tx.conn.execute(statement, given)


def of_document(conn: Connection, corpus: str, uris: Sequence[str]) -> set[str]:
    """Records that were derived from documents and still hold something."""
    found: set[str] = set()
    for part in slices(uris):
        statement = (
            sa.select(table.c.id)
            .join(links, links.c.record == table.c.id)
            .where(links.c.corpus == corpus, links.c.uri.in_(part), table.c.erased_at_us.is_(None))
        )
        found.update(conn.execute(statement).scalars())
    return found


def of_subject(conn: Connection, subject: str) -> set[str]:
    """Records about a subject, given as its keyed hash."""
    return _ids(conn, table.c.subject == subject)


def of_trace(conn: Connection, trace: str) -> set[str]:
    """Records of one trace."""
    return _ids(conn, table.c.trace_id == trace)


def links_to(conn: Connection, corpus: str, uris: Sequence[str]) -> list[Link]:
    """Every link to documents, of erased records too."""
    found = []
    for part in slices(uris):
        statement = sa.select(links).where(links.c.corpus == corpus, links.c.uri.in_(part))
        found += [_link(row) for row in conn.execute(statement)]
    return found


def replace_link(tx: Write, old: Link, new: Link) -> None:
    """Put another link in the place of one."""
    key = [links.c[name] == getattr(old, name) for name in ("record", "corpus", "uri", "chunk_id")]
    tx.conn.execute(sa.delete(links).where(*key))
    insert_new(tx.conn, links, [tuple(new)])


def whole(conn: Connection, *, after: str, limit: int) -> list[RecordRow]:
    """Records that still hold something, by id."""
    statement = (
        sa.select(table)
        .where(table.c.id > after, table.c.erased_at_us.is_(None))
        .order_by(table.c.id)
        .limit(limit)
    )
    return [_row(row) for row in conn.execute(statement)]


def erase(tx: Write, records: Sequence[str]) -> None:
    """Leave of records only that they were there: name, versions, times."""
    gone: dict[str, Any] = {"sealed": None, "rewritten": None, "subject": None, "erased_at_us": tx.now_us}
    for part in slices(records):
        tx.conn.execute(sa.update(table).where(table.c.id.in_(part)).values(gone))


def _ids(conn: Connection, condition: sa.ColumnElement[bool]) -> set[str]:
    return set(conn.execute(sa.select(table.c.id).where(condition, table.c.erased_at_us.is_(None))).scalars())


def _link(row: Row[Any]) -> Link:
    return Link(row.record, row.corpus, row.uri, row.chunk_id, row.revision)


def _row(row: Row[Any]) -> RecordRow:
    values = row._asdict()
    for name in ("sealed", "rewritten"):
        values[name] = None if values[name] is None else bytes(values[name])
    return RecordRow(**values)
