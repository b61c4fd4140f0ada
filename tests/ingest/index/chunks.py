"""Rows of a generation, for tests of its table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headrace.ingest.index.schema import chunk_schema

if TYPE_CHECKING:
    import pyarrow as pa


def unit_vectors(count: int, dimension: int, *, seed: int = 0) -> NDArray[np.float32]:
    """Vectors in clusters, as texts have them; shape (count, dimension), unit length."""
    chance = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((20, dimension))
    vectors = centres[chance.integers(20, size=count)] + 0.7 * chance.standard_normal((count, dimension))
    scaled: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(
        np.float32
    )
    return scaled


def chunk_table(documents: list[str], vectors: NDArray[np.float32], *, word: str = "heron") -> pa.Table:
    """One chunk for each document."""
    import pyarrow as pa

    count, dimension = vectors.shape
    columns: dict[str, Any] = {
        "chunk_id": [f"chunk_{name}" for name in documents],
        "document": documents,
        "revision": ["rev_1"] * count,
        "text": [f"The {word} of {name} wades." for name in documents],
        "text_hash": ["text_1"] * count,
        "headings": [[]] * count,
        "metadata": ["{}"] * count,
        "acl_id": [1] * count,
        "position": [0] * count,
        "start": [0] * count,
        "end": [1] * count,
        "page": [None] * count,
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), dimension),
    }
    schema = chunk_schema(dimension)
    arrays = [
        columns[field.name] if field.name == "vector" else pa.array(columns[field.name], type=field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)
