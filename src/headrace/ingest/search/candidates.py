"""The two scans that find candidates, by words and by vector, and the reads of what they found."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.errors import StorageError
from headrace.ingest.index.schema import READ_COLUMNS

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_NPROBES = 48
"""Partitions to look into. They hold some 4,000 rows each, so up to 200,000 rows none is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Rows that a scan found."""

    rows: list[int]
    """Row ids, valid in this version of the index."""
    scores: list[float]
    """BM25 by words; by vector only an estimate, once vectors are indexed."""
    vectors: NDArray[np.float32]
    """(rows, dimension), unit length."""


def by_words(dataset: Any, text: str, *, where: str, limit: int) -> Candidates | None:
    """The rows whose words fit best; None before the words are indexed."""
    if not _indexed(dataset, "text"):
        return None
    with _reading():
        found = dataset.scanner(
            columns=["_score", "vector"],
            full_text_query={"query": text, "columns": ["text"]},
            filter=where,
            prefilter=True,
            limit=limit,
            with_row_id=True,
        ).to_table()
    return _candidates(found, "_score")


def by_vector(dataset: Any, vector: NDArray[np.float32], *, where: str, limit: int) -> Candidates:
    """The rows whose vectors are nearest: exactly so without a vector index, nearly so with one."""
    nearest = {"column": "vector", "q": vector, "k": limit, "metric": "cosine", "nprobes": _NPROBES}
    with _reading():
        found = dataset.scanner(
            columns=["_distance", "vector"], nearest=nearest, filter=where, prefilter=True, with_row_id=True
        ).to_table()
    return _candidates(found, "_distance")


def similarities(vector: NDArray[np.float32], *found: Candidates | None) -> dict[int, float]:
    """The cosine of every candidate of several scans with the query, computed from the vectors themselves."""
    import numpy as np

    similar: dict[int, float] = {}
    for candidates in found:
        if candidates is None or not candidates.rows:
            continue
        # Row by row and in double precision: equal vectors get equal cosines wherever they stand.
        cosines = np.multiply(candidates.vectors, vector, dtype=np.float64).sum(axis=1)
        similar.update(zip(candidates.rows, cosines.tolist(), strict=True))
    return similar


def read_rows(dataset: Any, rows: Collection[int]) -> dict[int, dict[str, Any]]:
    """What hits are made of, by row id."""
    if not rows:
        return {}
    listed = ", ".join(map(str, rows))
    with _reading():
        table = dataset.scanner(
            columns=list(READ_COLUMNS), filter=f"_rowid IN ({listed})", with_row_id=True
        ).to_table()
    return {row.pop("_rowid"): row for row in table.to_pylist()}


def _indexed(dataset: Any, column: str) -> bool:
    return any(column in index.field_names for index in dataset.describe_indices())


def _candidates(found: pa.Table, score: str) -> Candidates:
    vectors = found["vector"].combine_chunks()
    flat = vectors.flatten().to_numpy(zero_copy_only=False)
    return Candidates(
        rows=found["_rowid"].to_pylist(),
        scores=found[score].to_pylist(),
        vectors=flat.reshape(len(vectors), vectors.type.list_size),
    )


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n", 1)[0][:300]
        raise StorageError(
            f"The index could not be read: {reason}",
            hint="Search again. If it fails again, run `headrace sync`, which mends the index.",
        ) from error
