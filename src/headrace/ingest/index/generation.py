"""The table of one generation: swap whole documents, keep its indices in shape, open a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from headrace.ingest.index.schema import VERSION, chunk_schema, quoted
from headrace.ledger.columnar.table import ColumnarTable

if TYPE_CHECKING:
    import pyarrow as pa

VectorKind = Literal["IVF_RQ", "IVF_SQ", "IVF_PQ", "IVF_FLAT"]

_FILTER_DOCUMENTS = 2000
_WORDS = {"with_position": False, "stem": True, "remove_stop_words": True, "ascii_folding": True}
_RQ_DIMENSION = 128
"""One bit a dimension tells too little about shorter vectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexConfig:
    """Parameters of the physical index; part of the recipe."""

    vector_rows: int = 10_000
    """From here on vectors have an index; below it the search is exact."""
    vector_kind: VectorKind = "IVF_RQ"
    """Measured in docs/decisions/0002-vector-index.md; short vectors get IVF_SQ instead."""
    metric: str = "cosine"

    def fingerprint(self) -> dict[str, Any]:
        """What of it names a recipe."""
        return {
            "schema": VERSION,
            "vector_rows": self.vector_rows,
            "vector_kind": self.vector_kind,
            "metric": self.metric,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """When a sync brings the indices up to date; no part of the recipe."""

    small_fragments: int = 32
    """Merge the small fragments when there are more than this many…"""
    small_rows: int = 8192
    """…where small means fewer rows than this, or…"""
    small_share: float = 1 / 16
    """…than this share of all rows: so a row is rewritten a few times in its life, not at every merge."""
    stale_rows: int = 1000
    """Extend the indices when they miss more than this many rows, which a search has to scan, and…"""
    stale_share: float = 0.01
    """…more than this share of them."""
    keep_versions: timedelta = timedelta(hours=1)
    """How long a reader may stay on an old snapshot."""

    def small(self, total: int) -> int:
        """Rows from which on a fragment of a table is left alone."""
        return max(self.small_rows, int(self.small_share * total))


class GenerationTable:
    """Chunks of one generation. Only the holder of the corpus lease writes."""

    def __init__(self, location: str, *, dimension: int, config: IndexConfig) -> None:
        self.table = ColumnarTable(location)
        self.dimension = dimension
        self._config = config

    def ensure(self) -> int:
        """Create the table where it does not exist; returns the newest version."""
        if not self.table.exists():
            return self.table.create(chunk_schema(self.dimension))
        return self.table.refresh()

    def replace(self, documents: Sequence[str], *, rows: pa.Table | None, run_id: str) -> int:
        """Take out every chunk of the documents and put the rows in, in one commit; returns the version."""
        addresses: list[int] = []
        for start in range(0, len(documents), _FILTER_DOCUMENTS):
            listed = ", ".join(quoted(uri) for uri in documents[start : start + _FILTER_DOCUMENTS])
            addresses.extend(self.table.addresses(f"document IN ({listed})"))
        return self.table.swap(remove=addresses, rows=rows, run_id=run_id)

    def maintain(self, upkeep: Upkeep) -> int:
        """Build what indices are missing, merge small fragments, extend indices that fell behind; returns the
        commits made. The rows are the same before and after."""
        before = int(self.table.head().version)
        total = int(self.table.head().count_rows())
        if total == 0:
            return 0
        self._build_missing(total)
        small = upkeep.small(total)
        if self._fragments_below(small) > upkeep.small_fragments:
            self.table.compact(rows_per_fragment=small)
            self.table.clean(older_than=upkeep.keep_versions)
        elif max(self.table.indexed().values(), default=0) > max(
            upkeep.stale_rows, upkeep.stale_share * total
        ):
            self.table.extend_indices()
        return int(self.table.head().version) - before

    def _fragments_below(self, rows: int) -> int:
        known = (fragment.metadata for fragment in self.table.head().get_fragments())
        return sum(item.physical_rows - item.num_deletions < rows for item in known)

    def _build_missing(self, total: int) -> None:
        have = self.table.indexed()
        if "text" not in have:
            self.table.index("text", "INVERTED", name="text", **_WORDS)
        if total < self._config.vector_rows:
            return
        if "document" not in have:
            self.table.index("document", "BTREE", name="document")
        if "acl_id" not in have:
            self.table.index("acl_id", "BITMAP", name="acl_id")
        if "vector" not in have:
            self.table.vector_index("vector", self._vector_kind(), metric=self._config.metric, name="vector")

    def _vector_kind(self) -> VectorKind:
        kind = self._config.vector_kind
        unfit = self.dimension % 8 != 0 or self.dimension < _RQ_DIMENSION
        return "IVF_SQ" if kind == "IVF_RQ" and unfit else kind
