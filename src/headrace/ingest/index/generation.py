"""The table of one generation: swap whole documents, keep its indices in shape, open a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from headrace.ingest.index.coverage import added_rows, live_rows, segments, uncovered
from headrace.ingest.index.schema import VERSION, chunk_schema, quoted
from headrace.ledger.columnar.table import ColumnarTable

if TYPE_CHECKING:
    import pyarrow as pa

VectorKind = Literal["IVF_RQ", "IVF_SQ", "IVF_PQ", "IVF_FLAT"]

_FILTER_DOCUMENTS = 2000
_WORDS = {"with_position": False, "stem": True, "remove_stop_words": True, "ascii_folding": True}
_TAIL_FRAGMENTS = 6
"""Fragments that the word index may miss: each costs a search 0.2 ms."""
_TAIL_ROWS = 128
"""Rows that it may miss: a full-text search reads each word of them, 0.025 ms a row."""
_TAIL_SHARE = 100
"""…and at most one row in this many: words are weighed by the rows that the index covers."""
_ADDED_SEGMENTS = 2
"""Segments that it may have beside its first; then the added ones become one."""
_VECTOR_TAIL_FRAGMENTS = 48
"""Fragments that the vector index may miss: a reader loads their vectors once a version, 0.05 ms each."""
_VECTOR_TAIL_ROWS = 1024
"""Rows that it may miss."""
_ONE_SEGMENT_ROWS = 400_000
"""Up to here it stays one segment: each more costs a search 0.8 ms, and merging 100,000 rows takes 0.1 s."""
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
    """When a sync rewrites parts of the index; no part of the recipe."""

    added_share: float = 0.1
    """Make every index one segment again when its added ones hold more than this share of all rows…"""
    added_rows: int = 1024
    """…and more rows than this."""
    small_fragments: int = 128
    """Merge the small fragments when there are more than this many…"""
    small_rows: int = 8192
    """…where small means fewer rows than this, or…"""
    small_share: float = 1 / 16
    """…than this share of all rows: so a row is rewritten a few times in its life, not at every merge."""
    clean_versions: int = 64
    """Remove what only old versions need once in this many versions."""
    keep_versions: timedelta = timedelta(hours=1)
    """How long a reader may stay on an old snapshot."""


class GenerationTable:
    """Chunks of one generation. Only the holder of the corpus lease writes."""

    def __init__(self, location: str, *, dimension: int, config: IndexConfig) -> None:
        self.table = ColumnarTable(location)
        self.dimension = dimension
        self._config = config
        self._began: int | None = None

    def ensure(self) -> int:
        """Create the table where it does not exist; returns the newest version."""
        if not self.table.exists():
            return self.table.create(chunk_schema(self.dimension))
        return self.table.refresh()

    def replace(self, documents: Sequence[str], *, rows: pa.Table | None, run_id: str) -> int:
        """Take out every chunk of the documents and put the rows in, in one commit; returns the version.

        A second commit extends the indices when too many rows would be outside them.
        """
        self._began_at()
        addresses: list[int] = []
        for start in range(0, len(documents), _FILTER_DOCUMENTS):
            listed = ", ".join(quoted(uri) for uri in documents[start : start + _FILTER_DOCUMENTS])
            addresses.extend(self.table.addresses(f"document IN ({listed})"))
        version = self.table.swap(remove=addresses, rows=rows, run_id=run_id)
        return self._caught_up(version)

    def maintain(self, upkeep: Upkeep) -> int:
        """Build what indices are missing, merge segments and small fragments; returns the commits made.

        The rows are the same before and after.
        """
        self._began_at()
        before = int(self.table.head().version)
        total = int(self.table.head().count_rows())
        if total == 0:
            return 0
        self._build_missing(total)
        small = max(upkeep.small_rows, int(upkeep.small_share * total))
        fragments = self.table.head().get_fragments()
        if sum(live_rows(fragment) < small for fragment in fragments) > upkeep.small_fragments:
            self.table.compact(rows_per_fragment=small)
        elif added_rows(self.table.head()) > max(upkeep.added_rows, upkeep.added_share * total):
            self.table.extend_indices()
        return int(self.table.head().version) - before

    def optimise(self) -> int:
        """Build what indices are missing, and merge every small fragment and segment; returns the commits.

        Rows are read and written in batches, whatever the size of the table.
        """
        self._began_at()
        before = int(self.table.head().version)
        total = int(self.table.head().count_rows())
        if total == 0:
            return 0
        self._build_missing(total)
        self.table.compact()
        return int(self.table.head().version) - before

    def clean(self, upkeep: Upkeep) -> bool:
        """Remove what only old versions need, if it is time; returns whether it was.

        Not before the newest version is published: the one that readers open must not be among the old.
        """
        began, now = self._began_at(), int(self.table.head().version)
        if now // upkeep.clean_versions <= began // upkeep.clean_versions:
            return False
        self.table.clean(older_than=upkeep.keep_versions)
        self._began = now
        return True

    def rebuild(self) -> None:
        """Build the indices that are missing."""
        total = int(self.table.head().count_rows())
        if total:
            self._build_missing(total)

    def _caught_up(self, version: int) -> int:
        head = self.table.head()
        indices = self.table.indexed()
        few = min(_TAIL_ROWS, head.count_rows() // _TAIL_SHARE)
        words = [name for name in indices if name != "vector"]
        if any(_over(head, name, _TAIL_FRAGMENTS, few) for name in words):
            added = segments(head, index="text") - 1
            merged = added if added >= _ADDED_SEGMENTS else 0
            version = self.table.extend_indices(words, merge_segments=merged)
        if "vector" in indices and _over(head, "vector", _VECTOR_TAIL_FRAGMENTS, _VECTOR_TAIL_ROWS):
            merged = segments(head, index="vector") - int(head.count_rows() > _ONE_SEGMENT_ROWS)
            version = self.table.extend_indices(["vector"], merge_segments=merged)
        return version

    def _began_at(self) -> int:
        if self._began is None:
            self._began = int(self.table.head().version)
        return self._began

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


def _over(dataset: Any, index: str, fragments: int, rows: int) -> bool:
    """Whether an index misses more than it may."""
    missed = uncovered(dataset, index=index)
    return len(missed) > fragments or sum(map(live_rows, missed)) > rows
