"""The embedding store: vectors by text hash, one table per embedder fingerprint, shared by every corpus."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from headrace.ledger.columnar.table import ColumnarTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

_SCAN_ROWS = 200_000
"""Up to here the key column is held in memory; above it keys are looked up through an index."""
_LOOKUP_KEYS = 1000
_COMPACT_FRAGMENTS = 48


class EmbeddingStore:
    """Vectors of one embedder, keyed by text hash, so that renames, re-adds, duplicates, reverted
    configurations and new generations cost no embedding. Safe to share between threads."""

    def __init__(self, folder: str, *, fingerprint: str, dimension: int) -> None:
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._table = ColumnarTable(f"{folder}/embeddings/{fingerprint}.lance")
        self._keys: tuple[int, Any] | None = None
        self._lock = threading.RLock()

    def fetch(self, keys: Sequence[str]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float32]]:
        """Look keys up: (n,) found, and (n, dimension) float32 vectors with zeros where not found."""
        import numpy as np

        found = np.zeros(len(keys), dtype=bool)
        vectors = np.zeros((len(keys), self.dimension), dtype=np.float32)
        with self._lock:
            if not keys or not self._table.exists():
                return found, vectors
            head = self._table.head()
            rows = head.count_rows()
            if rows and rows <= _SCAN_ROWS:
                self._fetch_by_position(head, keys, found, vectors)
            elif rows:
                self._fetch_by_index(head, keys, found, vectors)
        return found, vectors

    def put(self, keys: Sequence[str], vectors: npt.NDArray[np.float32], *, run_id: str) -> None:
        """Add vectors for keys that are not in the store; durable when it returns."""
        import pyarrow as pa

        if not keys:
            return
        flat = pa.array(vectors.reshape(-1), type=pa.float32())
        rows = pa.table(
            [pa.array(keys, type=pa.string()), pa.FixedSizeListArray.from_arrays(flat, self.dimension)],
            schema=self._schema(),
        )
        with self._lock:
            if not self._table.exists():
                self._table.create(self._schema())
            self._table.append(rows, run_id=run_id)

    def drop(self, keys: Sequence[str], *, run_id: str) -> None:
        """Forget the vectors of keys, so that they are computed again; unknown ones are passed over."""
        addresses: list[int] = []
        for start in range(0, len(keys) if self._table.exists() else 0, _LOOKUP_KEYS):
            listed = ", ".join(f"'{key}'" for key in keys[start : start + _LOOKUP_KEYS])
            addresses += self._table.addresses(f"key IN ({listed})")
        if addresses:
            self._table.swap(remove=addresses, rows=None, run_id=run_id)

    def maintain(self) -> None:
        """Merge small fragments and index the keys once the store is large."""
        with self._lock:
            if not self._table.exists():
                return
            if self._table.fragments() > _COMPACT_FRAGMENTS:
                self._table.compact()
            if self._table.head().count_rows() > _SCAN_ROWS and not self._table.indexed():
                self._table.index("key", "BTREE", name="key")

    def count(self) -> int:
        """How many vectors there are."""
        return int(self._table.head().count_rows()) if self._table.exists() else 0

    def refresh(self) -> None:
        """See what another process has added."""
        if self._table.exists():
            self._table.refresh()

    def _schema(self) -> pa.Schema:
        import pyarrow as pa

        return pa.schema(
            [
                pa.field("key", pa.string(), nullable=False),
                pa.field("vector", pa.list_(pa.float32(), self.dimension), nullable=False),
            ]
        )

    def _fetch_by_position(self, head: Any, keys: Sequence[str], found: Any, vectors: Any) -> None:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._keys is None or self._keys[0] != head.version:
            self._keys = (head.version, head.to_table(columns=["key"])["key"].combine_chunks())
        positions = pc.index_in(pa.array(keys, type=pa.string()), value_set=self._keys[1])
        hits = np.flatnonzero(positions.is_valid().to_numpy(zero_copy_only=False))
        if not len(hits):
            return
        wanted = positions.drop_null().to_numpy()
        distinct, back = np.unique(wanted, return_inverse=True)
        column = head.take(distinct.tolist(), columns=["vector"])["vector"].combine_chunks()
        found[hits] = True
        vectors[hits] = _matrix(column, self.dimension)[back]

    def _fetch_by_index(self, head: Any, keys: Sequence[str], found: Any, vectors: Any) -> None:
        places: dict[str, list[int]] = {}
        for position, key in enumerate(keys):
            places.setdefault(key, []).append(position)
        names = list(places)
        for start in range(0, len(names), _LOOKUP_KEYS):
            listed = ", ".join(f"'{name}'" for name in names[start : start + _LOOKUP_KEYS])
            rows = head.scanner(columns=["key", "vector"], filter=f"key IN ({listed})").to_table()
            matrix = _matrix(rows["vector"].combine_chunks(), self.dimension)
            for row, key in enumerate(rows["key"].to_pylist()):
                found[places[key]] = True
                vectors[places[key]] = matrix[row]


def _matrix(column: Any, dimension: int) -> npt.NDArray[np.float32]:
    values: npt.NDArray[np.float32] = column.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(-1, dimension)
