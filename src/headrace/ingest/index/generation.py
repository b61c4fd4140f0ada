"""The table of one generation: swap whole documents, keep its indices in shape, open a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from headrace.ingest.index.schema import VERSION, chunk_schema, quoted
from headrace.ledger.columnar.table import ColumnarTable

if TYPE_CHECKING:
    import pyarrow as pa

_FILTER_DOCUMENTS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexConfig:
    """Parameters of the physical index; part of the recipe."""

    vector_rows: int = 60_000
    """From here on vectors have an index; below it the search is exact."""
    vector_kind: str = "IVF_SQ"
    """Chosen for recall at equal latency."""
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

    fragments: int = 48
    """Merge fragments above this many."""
    stale_share: float = 0.1
    """Extend an index when it misses more than this share of the rows, and…"""
    stale_rows: int = 2000
    """…more than this many of them."""
    keep_versions: timedelta = timedelta(hours=1)
    """How long a reader may stay on an old snapshot."""


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
        """Build what indices are missing, extend those that fell behind, merge fragments; returns commits made."""
        total = int(self.table.head().count_rows())
        if total == 0:
            return 0
        commits = self._build_missing(total)
        behind = max(self.table.indexed().values(), default=0)
        if self.table.fragments() > upkeep.fragments:
            self.table.compact()
            self.table.clean(older_than=upkeep.keep_versions)
            return commits + 2
        if behind > max(upkeep.stale_rows, upkeep.stale_share * total):
            self.table.extend_indices()
            return commits + 1
        return commits

    def _build_missing(self, total: int) -> int:
        have = self.table.indexed()
        commits = 0
        if "text" not in have:
            self.table.index(
                "text",
                "INVERTED",
                name="text",
                with_position=False,
                stem=True,
                remove_stop_words=True,
                ascii_folding=True,
            )
            commits += 1
        if "document" not in have and total >= self._config.vector_rows:
            self.table.index("document", "BTREE", name="document")
            commits += 1
        if "vector" not in have and total >= self._config.vector_rows:
            self.table.vector_index(
                "vector", self._config.vector_kind, metric=self._config.metric, name="vector"
            )
            commits += 1
        return commits
