"""Forgetting in an embedding store: vectors of texts that no other document has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from headrace.ledger.columnar.purge import drop_indices, purge_rows, stale_indices, sweep
from headrace.ledger.columnar.table import ColumnarTable
from headrace.ledger.erasers import covers
from headrace.ledger.erasure.scope import Scope
from headrace.ledger.failpoints import declare, fire

_REWRITTEN = declare("erase.embeddings_rewritten")

covers("embeddings", "folder:index/embeddings")


class EmbeddingEraser:
    """Erases from one store. Vectors that no chunk has any more go too: nobody can say whose they were."""

    def __init__(self, location: str, *, kept: Callable[[Scope], Any]) -> None:
        """`kept` gives the text hashes of every chunk outside a scope, as an Arrow array."""
        self.name = f"embeddings/{Path(location).stem}"
        self._table = ColumnarTable(location)
        self._kept = kept

    def find(self, scope: Scope) -> int:
        """Vectors that would go."""
        return len(self._addresses(scope)) if scope.targets and self._table.exists() else 0

    def erase(self, scope: Scope) -> int:
        """Take them out of the newest version, its files and its index."""
        if not scope.targets or not self._table.exists():
            return 0
        self._table.refresh()
        addresses = self._addresses(scope)
        deleted = [part.fragment_id for part in self._table.head().get_fragments() if part.num_deletions]
        purge_rows(self._table, addresses, also=deleted, run_id="forget")
        drop_indices(self._table, stale_indices(self._table))
        fire(_REWRITTEN)
        return len(addresses)

    def clean(self, scope: Scope) -> None:
        """Remove every older version; the store's next upkeep builds a key index that was dropped."""
        if scope.targets and self._table.exists():
            self._table.refresh()
            sweep(self._table)

    def _addresses(self, scope: Scope) -> list[int]:
        import pyarrow.compute as pc

        found = self._table.head().scanner(columns=["key"], with_row_address=True).to_table()
        gone = pc.invert(pc.is_in(found["key"], value_set=self._kept(scope)))
        addresses: list[int] = found.filter(gone)["_rowaddr"].to_pylist()
        return addresses
