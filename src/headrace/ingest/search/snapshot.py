"""What serves at this moment: one consistent read of pointer, generation, snapshot and permissions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headrace.errors import StorageError
from headrace.ingest.index.lacking import lacking
from headrace.ingest.search.opened import Opened
from headrace.ingest.validity.marks import NO_MARKS, Marks, read_marks
from headrace.ledger import (
    acls,
    documents,
    generations,
    near_duplicates,
    qualities,
    sentinels,
    snapshots,
)
from headrace.ledger.columnar.table import ColumnarTable
from headrace.ledger.generations import Generation
from headrace.ledger.metadata import in_force, schema_digest

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.documents import DocumentState
    from headrace.ledger.ledger import Ledger
    from headrace.ledger.qualities import KeptQuality
    from headrace.ledger.snapshots import Snapshot
    from headrace.records.metadata import MetadataSchema

_FEW = 2000
"""Documents that a search can be narrowed to by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A snapshot with the access that the caller has to it."""

    release: str | None
    generation: Generation
    snapshot: Snapshot
    admitted: frozenset[int]
    """Access ids that the caller's labels open."""
    rows: frozenset[int]
    """Access ids of rows that may be of documents the caller may see: labels change without their rows."""
    blocked: str = ""
    """Why queries are not embedded: its embedder is known to have changed."""
    only: tuple[str, ...] | None = None
    """Every document the caller may see, where the ids of rows do not tell and they are few."""
    marks: Marks = NO_MARKS
    """Which documents no longer hold."""


class Snapshots:
    """Opens the snapshot of a corpus that serves; tables are kept open and follow the published version."""

    def __init__(
        self, ledger: Ledger, *, pointer: Callable[[Connection, str], tuple[str | None, str | None]]
    ) -> None:
        """`pointer` reads (release, generation) of a corpus from the environment's pointer."""
        self._ledger = ledger
        self._pointer = pointer
        self._tables: dict[str, ColumnarTable] = {}
        self._open: dict[str, Opened] = {}
        self._lacking: dict[str, tuple[int, str, Mapping[str, int]]] = {}
        self._marks: dict[str, Marks] = {}
        self._lock = threading.Lock()

    def current(self, corpus: str, labels: Collection[str]) -> Served | None:
        """What serves now for a caller with these labels; None before the first publish."""
        with self._ledger.read() as conn:
            release, generation_id = self._pointer(conn, corpus)
            if generation_id is None:
                return None
            generation = generations.get(conn, generation_id)
            snapshot = snapshots.current(conn, generation_id)
            if generation is None or snapshot is None:
                return None
            admitted = acls.admitted(conn, labels)
            rows, only = _reach(conn, generation_id, admitted)
            marks = self._marks[corpus] = read_marks(
                conn, corpus, generation_id, epoch=snapshot.seq, known=self._marks.get(corpus, NO_MARKS)
            )
            block = sentinels.block(conn, generation.fingerprint)
            return Served(
                release=release,
                generation=generation,
                snapshot=snapshot,
                admitted=admitted,
                rows=rows,
                only=only,
                marks=marks,
                blocked=f"its embedder is blocked: {block.reason}" if block else "",
            )

    def past(self, served: Served, time_us: int) -> tuple[Served, Opened] | None:
        """The snapshot of the same generation that was visible at a time; None when it is no longer kept."""
        with self._ledger.read() as conn:
            snapshot = snapshots.at(conn, served.generation.id, time_us)
        if snapshot is None or snapshot.documents == 0:
            return None
        try:
            dataset = ColumnarTable(served.generation.location).at(snapshot.version)
        except StorageError:
            return None
        return replace(served, snapshot=snapshot), Opened(dataset, version=snapshot.version)

    def open(self, served: Served) -> Opened:
        """The index at exactly this snapshot. Raises StorageError when that version is gone."""
        generation, version = served.generation, served.snapshot.version
        with self._lock:
            opened = self._open.get(generation.id)
            if opened is None or opened.version != version:
                table = self._tables.get(generation.id)
                if table is None:
                    table = self._tables[generation.id] = ColumnarTable(generation.location)
                opened = self._open[generation.id] = Opened(table.at(version), version=version)
            return opened

    def dataset(self, served: Served) -> Any:
        """The Lance dataset of exactly this snapshot."""
        return self.open(served).dataset

    def later(self, served: Served, uris: Collection[str], time_us: int | None) -> frozenset[str]:
        """The documents whose content changed after a time; none without a time."""
        if time_us is None or not uris:
            return frozenset()
        with self._ledger.read() as conn:
            states = documents.lookup(conn, served.generation.id, sorted(uris))
        return frozenset(uri for uri, state in states.items() if (state.modified_at_us or 0) > time_us)

    def qualities(self, served: Served, uris: Collection[str]) -> Mapping[str, KeptQuality]:
        """What is kept of the quality of documents; those without a state are left out."""
        with self._ledger.read() as conn:
            return qualities.lookup(conn, served.generation.id, sorted(uris))

    def states(
        self, served: Served, uris: Collection[str], labels: Collection[str]
    ) -> tuple[int, Mapping[str, DocumentState], frozenset[int]]:
        """Sequence of the newest snapshot, states of the documents and admitted access, read together."""
        with self._ledger.read() as conn:
            snapshot = snapshots.current(conn, served.generation.id)
            states = documents.lookup(conn, served.generation.id, sorted(uris))
            admitted = acls.admitted(conn, labels)
        return (snapshot.seq if snapshot else served.snapshot.seq), states, admitted

    def aliases(
        self, served: Served, uris: Collection[str], labels: Collection[str]
    ) -> Mapping[str, Sequence[str]]:
        """The near duplicates that documents stand for, of what a caller with these labels may see."""
        if not uris or not _compares(served.generation):
            return {}
        with self._ledger.read() as conn:
            admitted = acls.admitted(conn, labels)
            found = near_duplicates.aliases(conn, served.generation.id, sorted(uris), admitted)
        return {uri: [alias.uri for alias in held] for uri, held in found.items()}

    def lacking(self, served: Served, schema: MetadataSchema) -> Mapping[str, int]:
        """Chunks of a snapshot that lack a declared field, by field; read once for each snapshot."""
        key = (served.snapshot.seq, schema_digest(schema))
        known = self._lacking.get(served.generation.id)
        if known is None or known[:2] != key:
            with self._ledger.read() as conn:
                held = in_force(conn, served.generation.corpus, schema)
                known = (*key, lacking(conn, served.generation.id, held))
            self._lacking[served.generation.id] = known
        return known[2]


def _compares(generation: Generation) -> bool:
    """Whether the documents of a generation may stand for others."""
    return any(gate["name"] == "near_duplicate" for gate in generation.settings.get("gates", ()))


def _reach(
    conn: Connection, generation: str, admitted: frozenset[int]
) -> tuple[frozenset[int], tuple[str, ...] | None]:
    """Access ids of rows to look at, and the documents themselves where that is narrower."""
    moves = acls.moves(conn, generation)
    rows = admitted | {row for row, now in moves if now in admitted}
    if all(row in admitted and now in admitted for row, now in moves):
        return rows, None
    found = documents.visible(conn, generation, admitted, limit=_FEW + 1)
    return rows, tuple(sorted(found)) if len(found) <= _FEW else None
