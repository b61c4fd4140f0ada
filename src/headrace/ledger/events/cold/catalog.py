"""The files that hold cold spans, as the ledger names them: what no row names is not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import insert_new
from headrace.ledger.storage.tables.keeping import cold_files as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

FOLDER = "traces"
"""Below the blobs."""

State = Literal["live", "archived"]


class ColdFile(NamedTuple):
    """A file with spans of one day, sorted by trace."""

    path: str
    day: int
    state: State
    """archived: kept, and not read any more."""
    spans: int
    size_bytes: int
    first_end_ns: int
    last_end_ns: int
    sieve: bytes
    """Over its traces and references."""


def files(conn: Connection, *states: State) -> list[ColdFile]:
    """Every file in one of these states, newest day first."""
    columns = [table.c[name] for name in ColdFile._fields]
    wanted = table.c.state.in_(states or ("live",))
    rows = conn.execute(sa.select(*columns).where(wanted).order_by(table.c.day.desc(), table.c.path))
    return [ColdFile(*row) for row in rows]


def replace(tx: Write, *, add: Sequence[ColdFile] = (), remove: Sequence[str] = ()) -> None:
    """Name new files and no longer name old ones, in one transaction."""
    for path in remove:
        tx.conn.execute(sa.delete(table).where(table.c.path == path))
    insert_new(tx.conn, table, [(*file, tx.now_us) for file in add])


def set_state(tx: Write, path: str, state: State) -> None:
    """Say whether a file is still read."""
    tx.conn.execute(sa.update(table).where(table.c.path == path).values(state=state))
