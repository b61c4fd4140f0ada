"""What says of a document how far it still holds: dates, deprecation, and the version that replaced it.

Most documents say nothing of the kind and have no row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import delete_in, slices, storable, upsert
from headrace.ledger.storage.tables.standing import standing_changes, standings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class Standing(NamedTuple):
    """One document's row; times are UTC microseconds, ends of spans exclusive."""

    uri: str
    valid_from_us: int | None = None
    valid_to_us: int | None = None
    dated_us: int | None = None
    """The date the document gives itself."""
    deprecated: str | None = None
    """Why it is deprecated, empty without a reason; None when it does not say so."""
    replacement: str | None = None
    """What it says replaces it, as it stands there."""
    stem: str | None = None
    """Its URI without version and date; what is equal in it may be versions of one thing."""
    version: str | None = None
    title_stem: str | None = None
    """The same of its title."""
    title_version: str | None = None
    sketch: bytes | None = None
    """What its text is compared by."""
    superseded_by: str | None = None
    """The next version, found by comparison."""
    superseded_from_us: int | None = None
    """Since when that one holds; None for always."""


_COLUMNS = [standings.c[name] for name in Standing._fields]
_PLAIN = [column for column in _COLUMNS if column.name != "sketch"]


def sequence(conn: Connection, corpus: str) -> int:
    """Counts the changes of a corpus; equal means nothing changed, 0 that nothing was ever said."""
    statement = sa.select(standing_changes.c.seq).where(standing_changes.c.corpus == corpus)
    return int(conn.execute(statement).scalar_one_or_none() or 0)


def load(conn: Connection, corpus: str) -> dict[str, Standing]:
    """Every row of a corpus by URI, without the sketches."""
    statement = sa.select(*_PLAIN).where(standings.c.corpus == corpus)
    return {row.uri: Standing(**row._asdict()) for row in conn.execute(statement)}


def of(conn: Connection, corpus: str, uris: Sequence[str]) -> dict[str, Standing]:
    """The rows of documents; those without one are left out."""
    return _where(conn, corpus, standings.c.uri, uris)


def sharing(conn: Connection, corpus: str, stems: Collection[str]) -> dict[str, Standing]:
    """The rows of every document whose URI or title has one of these stems."""
    wanted = sorted(stems)
    found = _where(conn, corpus, standings.c.stem, wanted)
    return found | _where(conn, corpus, standings.c.title_stem, wanted)


def put(tx: Write, corpus: str, rows: Sequence[Standing]) -> None:
    """Set rows; the former one of each document is replaced."""
    upsert(tx.conn, standings, [_stored(corpus, row) for row in rows])


def remove(tx: Write, corpus: str, uris: Sequence[str]) -> None:
    """Drop rows; unknown ones are passed over."""
    delete_in(tx.conn, standings.c.uri, uris, corpus=corpus)


def changed(tx: Write, corpus: str) -> None:
    """Count a change, so that readers look again."""
    upsert(tx.conn, standing_changes, [(corpus, sequence(tx.conn, corpus) + 1)])


def _where(
    conn: Connection, corpus: str, column: sa.Column[str], values: Sequence[str]
) -> dict[str, Standing]:
    found: dict[str, Standing] = {}
    for part in slices(values):
        statement = sa.select(*_COLUMNS).where(standings.c.corpus == corpus, column.in_(part))
        found.update((row.uri, Standing(**row._asdict())) for row in conn.execute(statement))
    return found


def _stored(corpus: str, row: Standing) -> tuple[object, ...]:
    texts = (storable(value) if isinstance(value, str) else value for value in row)
    return (corpus, *texts)
