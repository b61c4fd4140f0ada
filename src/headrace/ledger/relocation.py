"""Follow a workspace whose folder was moved or copied: its generations lie where its index lies now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from headrace.ledger.storage.tables.generations import generations as table

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger, Write


def place_of(index: str, generation: str) -> str:
    """Where the table of a generation lies below an index folder or address."""
    return f"{index}/generations/{generation}.lance"


def follow(ledger: Ledger, index: str) -> int:
    """Name the present place of every generation that lies in this local index; returns how many moved.

    A copy of a workspace would otherwise go on writing into the index of the original.
    """
    if "://" in index:
        return 0
    with ledger.read() as conn:
        rows = conn.execute(sa.select(table.c.id, table.c.location)).all()
    moved = [
        (id_, place_of(index, id_))
        for id_, location in rows
        if location != place_of(index, id_) and Path(place_of(index, id_)).exists()
    ]

    def work(tx: Write) -> None:
        for id_, place in moved:
            tx.conn.execute(sa.update(table).where(table.c.id == id_).values(location=place))

    if moved:
        ledger.write(work)
    return len(moved)
