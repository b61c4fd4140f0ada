"""What the lineage trees are read from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.errors import StorageError
from headrace.ingest.index.schema import quoted
from headrace.ingest.search.opened import reading
from headrace.ledger import generations, snapshots
from headrace.ledger.columnar.table import ColumnarTable
from headrace.ledger.events.base import EventStore
from headrace.ledger.generations import Generation
from headrace.ship.releases import Releases

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.ledger import Ledger

_COLUMNS = [
    "chunk_id",
    "document",
    "revision",
    "position",
    "start",
    "end",
    "page",
    "headings",
    "text",
    "text_hash",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The stores that `why` reads, in one snapshot of the ledger."""

    ledger: Ledger
    conn: Connection
    events: EventStore
    releases: Releases
    corpora: Sequence[str]

    def serving(self, corpus: str) -> Generation | None:
        """The generation of a corpus that serves."""
        generation_id = self.releases.generation(self.conn, corpus)
        return generations.get(self.conn, generation_id) if generation_id else None

    def chunks(self, generation: Generation, where: str) -> list[dict[str, Any]]:
        """Chunk rows of a generation's current snapshot, in document order."""
        snapshot = snapshots.current(self.conn, generation.id)
        if snapshot is None:
            return []
        try:
            dataset = ColumnarTable(generation.location).at(snapshot.version)
        except StorageError:
            # A pruned generation keeps its row in the ledger after its files are gone.
            return []
        with reading():
            rows: list[dict[str, Any]] = (
                dataset.scanner(columns=_COLUMNS, filter=where).to_table().to_pylist()
            )
        return sorted(rows, key=lambda row: (row["document"], row["position"]))

    def present(self, corpus: str, chunk_ids: Collection[str]) -> set[str]:
        """Which of the chunks stand in the generation that serves."""
        generation = self.serving(corpus) if chunk_ids else None
        if generation is None:
            return set()
        listed = ", ".join(quoted(chunk_id) for chunk_id in sorted(chunk_ids))
        return {row["chunk_id"] for row in self.chunks(generation, f"chunk_id IN ({listed})")}

    def chunk(self, chunk_id: str) -> tuple[Generation, dict[str, Any]] | None:
        """A chunk and the generation it stands in: the serving ones first, then older ones."""
        for corpus in self.corpora:
            serving = self.serving(corpus)
            others = [
                item
                for item in generations.list(self.conn, corpus)
                if serving is None or item.id != serving.id
            ]
            for generation in ([serving] if serving else []) + others[::-1]:
                rows = self.chunks(generation, f"chunk_id = {quoted(chunk_id)}")
                if rows:
                    return generation, rows[0]
        return None
