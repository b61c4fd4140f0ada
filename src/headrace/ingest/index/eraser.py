"""Forgetting in a generation: its rows, versions, tags and indices; and what is known of a document there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from headrace.ingest.index.generation import GenerationTable, IndexConfig
from headrace.ingest.index.schema import quoted
from headrace.ledger.columnar.purge import drop_indices, purge, purge_tags, stale_indices, sweep
from headrace.ledger.columnar.table import ColumnarTable
from headrace.ledger.erasers import covers
from headrace.ledger.erasure.scope import Scope
from headrace.ledger.failpoints import declare, fire

if TYPE_CHECKING:
    from headrace.ledger.generations import Generation

KNOWN = ("chunk_id", "revision", "text", "text_hash", "headings", "vector")
_PART = 500
_BATCH_ROWS = 65_536
_log = logging.getLogger(__name__)
_REWRITTEN = declare("erase.index_rewritten")

covers("index", "folder:index/generations")

Publish = Callable[["Generation", int, Sequence[str]], None]
"""Makes a version of a generation, without these documents, the one that readers open."""


class GenerationEraser:
    """Erases from one generation. Only for the holder of its corpus lease."""

    def __init__(
        self, generation: Generation, *, published: int, config: IndexConfig, publish: Publish
    ) -> None:
        self.name = f"index/{generation.id}"
        self._generation = generation
        self._published = published
        self._config = config
        self._publish = publish
        self._table = ColumnarTable(generation.location)
        self.rewritten_tags: list[str] = []

    def find(self, scope: Scope) -> int:
        """Rows of the documents in any version."""
        return sum(batch.num_rows for batch in rows(self._table, scope.uris(self._generation.corpus)))

    def erase(self, scope: Scope) -> int:
        """Take the rows out of the newest version and of tags, and publish that; returns rows that served."""
        uris = scope.uris(self._generation.corpus)
        if not uris or not self._table.exists():
            return 0
        if self._table.refresh() != self._published:
            # What a dead writer left, or this very step before it was killed: begin where readers are.
            self._table.restore(self._published)
        count = 0
        for where in filters(uris):
            count += len(self._table.addresses(where))
            purge(self._table, where, run_id="forget")
            self.rewritten_tags += purge_tags(self._table, where, run_id="forget")
        self._rebuild()
        fire(_REWRITTEN)
        self._publish(self._generation, int(self._table.head().version), uris)
        return count

    def clean(self, scope: Scope) -> None:
        """Remove every version and file that may still hold them."""
        if scope.uris(self._generation.corpus) and self._table.exists():
            self._table.refresh()
            sweep(self._table)

    def _rebuild(self) -> None:
        stale = stale_indices(self._table)
        if not stale:
            return
        drop_indices(self._table, stale)
        dimension = self._table.head().schema.field("vector").type.list_size
        table = GenerationTable(self._generation.location, dimension=dimension, config=self._config)
        table.table = self._table
        table.rebuild()


def filters(uris: Sequence[str]) -> Iterator[str]:
    """Lance filters that select the documents, a bounded number at a time."""
    for start in range(0, len(uris), _PART):
        yield f"document IN ({', '.join(quoted(uri) for uri in uris[start : start + _PART])})"


def rows(table: ColumnarTable, uris: Sequence[str], columns: Collection[str] = ()) -> Iterator[Any]:
    """Rows of documents in every version, deleted ones included, each data file read once."""
    import pyarrow as pa

    wanted = pa.array(uris, type=pa.string())
    for path in table.data_files() if uris else ():
        yield from _rows_of_file(path, wanted, columns)


def _rows_of_file(path: str, wanted: Any, columns: Collection[str]) -> Iterator[Any]:
    import pyarrow.compute as pc
    from lance.file import LanceFileReader

    try:
        reader = LanceFileReader(path, columns=["document"])
    except OSError as error:
        # A column that was added later, in a file of its own; or what a killed writer left: the scan reads
        # either, and `clean` removes the latter.
        _log.debug("%s holds no documents: %s", path, error)
        return
    documents = reader.read_all(batch_size=_BATCH_ROWS).to_table()
    found = pc.indices_nonzero(pc.is_in(documents["document"], value_set=wanted)).to_pylist()
    if found:
        names = list(columns) or ["document"]
        yield from LanceFileReader(path, columns=names).take_rows(found).to_batches()


def others(table: ColumnarTable, uris: Sequence[str], column: str) -> Any:
    """One column of the newest version's rows of all other documents."""
    without = " AND ".join(f"NOT ({where})" for where in filters(uris)) or None
    return table.head().to_table(columns=[column], filter=without)[column]
