"""An opened version of an index: immutable, so what was learnt about it once stays true."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.errors import StorageError
from headrace.ingest.index.coverage import uncovered

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Outside(NamedTuple):
    """Rows that the vector index does not cover, read once for each version."""

    fragments: tuple[Any, ...]
    places: dict[int, int]
    """Row id to its line in `vectors`."""
    vectors: NDArray[np.float32] | None
    """Shape (rows, dimension); None where there are no rows."""


class Opened:
    """A Lance dataset at one version."""

    def __init__(self, dataset: Any, *, version: int) -> None:
        self.dataset = dataset
        self.version = version

    @cached_property
    def acl_ids(self) -> frozenset[int]:
        """Access ids of its rows."""
        with reading():
            column = self.dataset.to_table(columns=["acl_id"])["acl_id"]
        return frozenset(column.unique().to_pylist())

    @cached_property
    def words_indexed(self) -> bool:
        """Whether full text can be searched."""
        return "text" in self._indices

    @cached_property
    def vectors_indexed(self) -> bool:
        """Whether vectors have an index; without one they are compared one by one."""
        return "vector" in self._indices

    @cached_property
    def outside(self) -> Outside:
        """The rows that the vector index does not cover, with their vectors: a writer keeps them few."""
        fragments = uncovered(self.dataset, index="vector")
        if not fragments:
            return Outside(fragments=(), places={}, vectors=None)
        with reading():
            table = self.dataset.scanner(columns=["vector"], with_row_id=True, fragments=fragments).to_table()
        rows = table["_rowid"].to_pylist()
        flat = table["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return Outside(
            fragments=tuple(fragments),
            places={row: place for place, row in enumerate(rows)},
            vectors=flat.reshape(len(rows), -1) if rows else None,
        )

    @cached_property
    def _indices(self) -> frozenset[str]:
        return frozenset(index.name for index in self.dataset.describe_indices())


@contextmanager
def reading() -> Iterator[None]:
    """Say a failed read of an index as StorageError."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n", 1)[0][:300]
        raise StorageError(
            f"The index could not be read: {reason}",
            hint="Search again. If it fails again, look at the disk, then run `headrace sync`.",
        ) from error
