"""What each generation holds of each document: the applied state."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import delete_in, from_json, slices, storable, to_json, upsert
from headrace.ledger.storage.tables.documents import documents as table
from headrace.ledger.storage.tables.documents import near_duplicates
from headrace.ledger.storage.tables.gates import gate_verdicts
from headrace.records.document import Value

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from headrace.ledger.storage.writer import Write

State = Literal["live", "hidden"]


class DocumentState(NamedTuple):
    """One document as a generation holds it."""

    uri: str
    source: str
    revision: str
    """Digest of the raw bytes."""
    input_digest: str
    """Digest of everything that went into the stages."""
    digest: str
    """Digest of what the generation holds of it."""
    chunk_count: int
    title: str | None
    media_type: str
    metadata: Mapping[str, Value]
    acl_id: int
    state: State
    modified_at_us: int | None
    indexed_at_us: int
    run_id: str
    moved_from: str | None
    """URI it had before it moved."""
    metadata_schema: str = ""
    """Digest of the metadata schema that its metadata stand under; empty where nothing was declared."""
    misfits: Mapping[str, Any] = MappingProxyType({})
    """Values that did not fit their declared type: field to value, type and error."""
    quality: Mapping[str, float] = MappingProxyType({})
    """Parts of its quality by its text alone; empty where there was no score yet."""
    phrases: bytes | None = None
    """Hashes by which text that other documents have is found."""
    links: bytes | None = None
    """Hashes of the documents it links to."""
    copied: float | None = None
    """Share of its text that another document has; None until the end of its first run."""
    in_links: int | None = None
    """Documents that link to it; None where no document links to another."""


class BriefState(NamedTuple):
    """What a comparison with a listing needs of a document."""

    uri: str
    source: str
    revision: str
    input_digest: str
    digest: str
    chunk_count: int
    acl_id: int
    metadata_schema: str = ""


class Coverage(NamedTuple):
    """How much of what serves another generation holds.

    What the gates of one of them keep out and those of the other let in is no difference: it is meant.
    """

    serving: int
    """Live documents that serve."""
    current: int
    """…which the other one holds at the same revision and with the same access labels, or keeps out."""
    ghosts: int
    """Live documents of the other one that do not serve, and that nothing keeps from it."""

    @property
    def share(self) -> float:
        """Share of the documents that serve; 1.0 when none does."""
        return self.current / self.serving if self.serving else 1.0

    @property
    def whole(self) -> bool:
        """Whether the other one holds exactly what serves."""
        return self.current == self.serving and not self.ghosts


_COLUMNS = [table.c[name] for name in DocumentState._fields]
_ALL = sa.select(*_COLUMNS).where(table.c.generation == sa.bindparam("generation"))
_BRIEF = sa.select(*(table.c[name] for name in BriefState._fields)).where(
    table.c.generation == sa.bindparam("generation")
)


def put(tx: Write, generation: str, rows: Sequence[DocumentState]) -> None:
    """Set the states of documents; the former state of each is replaced."""
    upsert(tx.conn, table, [_stored(generation, row) for row in rows])


def remove(tx: Write, generation: str, uris: Sequence[str]) -> None:
    """Drop the states of documents; unknown ones are passed over."""
    delete_in(tx.conn, table.c.uri, uris, generation=generation)


def load(conn: Connection, generation: str) -> list[DocumentState]:
    """Every document of a generation, in no particular order."""
    return [_state(row) for row in conn.execute(_ALL, {"generation": generation})]


def load_brief(conn: Connection, generation: str) -> list[BriefState]:
    """Every document of a generation with few columns, in no particular order."""
    return [BriefState._make(row) for row in conn.execute(_BRIEF, {"generation": generation})]


def lookup(conn: Connection, generation: str, uris: Sequence[str]) -> dict[str, DocumentState]:
    """The states of documents by URI; unknown ones are left out."""
    found: dict[str, DocumentState] = {}
    for part in slices(uris):
        rows = conn.execute(_ALL.where(table.c.uri.in_(part)), {"generation": generation})
        for row in rows:
            found[row[0]] = _state(row)
    return found


def by_revision(conn: Connection, generation: str, revision: str) -> list[DocumentState]:
    """Every document of a generation whose bytes have this digest."""
    statement = _ALL.where(table.c.revision == revision)
    return sorted(_state(row) for row in conn.execute(statement, {"generation": generation}))


def unique_titles(conn: Connection, generation: str, uris: Sequence[str]) -> dict[str, str]:
    """The titles of documents by URI; those that another document has too, and empty ones, are left out."""
    titles: dict[str, str] = {}
    for part in slices(uris):
        statement = sa.select(table.c.uri, table.c.title).where(
            table.c.generation == generation, table.c.uri.in_(part)
        )
        titles.update({uri: title for uri, title in conn.execute(statement) if title and title.strip()})
    once: set[str] = set()
    for part in slices(sorted(set(titles.values()))):
        counted = (
            sa.select(table.c.title)
            .where(table.c.generation == generation, table.c.title.in_(part))
            .group_by(table.c.title)
            .having(sa.func.count() == 1)
        )
        once.update(conn.execute(counted).scalars())
    return {uri: title for uri, title in titles.items() if title in once}


def holders(conn: Connection, uri: str) -> list[str]:
    """Every generation that holds a document."""
    return sorted(conn.execute(sa.select(table.c.generation).where(table.c.uri == uri)).scalars())


def count(conn: Connection, generation: str) -> tuple[int, int]:
    """How many live documents a generation holds, and how many chunks they have."""
    statement = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(table.c.chunk_count), 0)).where(
        table.c.generation == generation, table.c.state == "live"
    )
    documents, chunks = conn.execute(statement).one()
    return int(documents), int(chunks)


def acl_ids(conn: Connection, generation: str) -> dict[str, int]:
    """URI to label set of every document of a generation."""
    statement = sa.select(table.c.uri, table.c.acl_id).where(table.c.generation == generation)
    return {row.uri: row.acl_id for row in conn.execute(statement)}


def visible(conn: Connection, generation: str, acl_ids: Collection[int], *, limit: int) -> list[str]:
    """URIs of live documents that one of the label sets admits; at most `limit`, in no particular order."""
    statement = (
        sa.select(table.c.uri)
        .where(table.c.generation == generation, table.c.acl_id.in_(sorted(acl_ids)), table.c.state == "live")
        .limit(limit)
    )
    return [str(uri) for uri in conn.execute(statement).scalars()]


def coverage(conn: Connection, serving: str, other: str) -> Coverage:
    """Hold the live documents of one generation against those of the one that serves."""
    ours, theirs = table.alias("ours"), table.alias("theirs")
    joined, out = _beside(ours, theirs, other)
    # Labels count, too: who may see a document must not depend on which generation serves.
    equal = sa.and_(theirs.c.revision == ours.c.revision, theirs.c.acl_id == ours.c.acl_id)
    held = sa.func.coalesce(sa.func.sum(sa.case((sa.or_(equal, out), 1), else_=0)), 0)
    statement = sa.select(sa.func.count(), held).select_from(joined).where(_live(ours, serving))
    total, current = conn.execute(statement).one()
    joined, out = _beside(theirs, ours, serving)
    beyond = sa.and_(_live(theirs, other), ours.c.uri.is_(None), sa.not_(out))
    ghosts = conn.execute(sa.select(sa.func.count()).select_from(joined).where(beyond)).scalar_one()
    # A document that another one stands for is no difference, whichever generation compares its documents.
    current = int(current) + _stood_for(conn, ours=serving, theirs=other)
    ghosts = int(ghosts) - _stood_for(conn, ours=other, theirs=serving)
    return Coverage(serving=int(total), current=current, ghosts=ghosts)


def _live(of: sa.FromClause, generation: str) -> sa.ColumnElement[bool]:
    return sa.and_(of.c.generation == generation, of.c.state == "live")


def _beside(
    first: sa.FromClause, second: sa.FromClause, generation: str
) -> tuple[sa.Join, sa.ColumnElement[bool]]:
    """Documents beside what a generation holds of them, and whether its gates keep them out instead."""
    kept = gate_verdicts.alias("kept")
    same = sa.and_(second.c.uri == first.c.uri, _live(second, generation))
    # What people reject is to go from every generation, so the same revision in another one is a difference.
    meant = sa.or_(kept.c.outcome.in_(("gate", "dropped")), kept.c.revision != first.c.revision)
    judged = sa.and_(
        kept.c.uri == first.c.uri, kept.c.generation == generation, kept.c.outcome != "in", meant
    )
    joined = first.outerjoin(second, same).outerjoin(kept, judged)
    return joined, sa.and_(second.c.uri.is_(None), kept.c.uri.is_not(None))


def _stood_for(conn: Connection, *, ours: str, theirs: str) -> int:
    """Live documents of one generation that the other one has as they are, but serves others for."""
    alias = sa.and_(near_duplicates.c.uri == table.c.uri, near_duplicates.c.generation == theirs)
    statement = (
        sa.select(sa.func.count())
        .select_from(table.join(near_duplicates, alias))
        .where(
            table.c.generation == ours,
            table.c.state == "live",
            table.c.revision == near_duplicates.c.revision,
            table.c.acl_id == near_duplicates.c.acl_id,
            near_duplicates.c.fate != "served",
        )
    )
    return int(conn.execute(statement).scalar_one())


def remove_all(tx: Write, generation: str) -> int:
    """Drop every state of a generation; returns how many there were."""
    return int(tx.conn.execute(sa.delete(table).where(table.c.generation == generation)).rowcount)


def set_acl(tx: Write, generation: str, acl_ids: Mapping[str, int]) -> None:
    """Give documents other access label sets: URI to acl id."""
    if not acl_ids:
        return
    statement = (
        sa.update(table)
        .where(table.c.generation == generation, table.c.uri == sa.bindparam("for_uri"))
        .values(acl_id=sa.bindparam("to_acl"))
    )
    tx.conn.execute(statement, [{"for_uri": uri, "to_acl": acl} for uri, acl in acl_ids.items()])


def set_state(tx: Write, generation: str, uris: Sequence[str], *, state: State) -> None:
    """Hide documents from readers at once, or show them again."""
    for part in slices(uris):
        tx.conn.execute(
            sa.update(table)
            .where(table.c.generation == generation, table.c.uri.in_(part))
            .values(state=state)
        )


def _stored(generation: str, row: DocumentState) -> tuple[object, ...]:
    title = None if row.title is None else storable(row.title)
    written = row._asdict() | {
        "title": title,
        "metadata": to_json(row.metadata),
        "misfits": to_json(row.misfits),
        "quality": to_json(row.quality),
    }
    return (generation, *written.values())


def _state(row: Row[tuple[object, ...]]) -> DocumentState:
    values = DocumentState._make(tuple(row))
    return values._replace(
        metadata=from_json(str(values.metadata)),
        misfits=from_json(str(values.misfits)),
        quality=from_json(str(values.quality)),
    )
