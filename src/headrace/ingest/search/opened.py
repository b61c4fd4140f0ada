"""An opened version of an index: immutable, so what was learnt about it once stays true."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from headrace.errors import StorageError
from headrace.ingest.index.coverage import uncovered


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
    def outside(self) -> list[Any]:
        """Fragments that the vector index does not cover."""
        return uncovered(self.dataset, index="vector")

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
