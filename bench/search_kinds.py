"""Kinds of vector index next to each other: build time, latency, recall. `python bench/search_kinds.py`.

Behind docs/decisions/0002-vector-index.md. The vectors are those of the search benchmark.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from typing import Any

import lance
import numpy as np
import pyarrow as pa
import search_corpus
from numpy.typing import NDArray

from headrace.infer.embedders.minilm import MiniLMEmbedder

KINDS: tuple[tuple[str, dict[str, int]], ...] = (
    ("IVF_RQ", {}),
    ("IVF_RQ", {"num_partitions": 128}),
    ("IVF_SQ", {}),
    ("IVF_SQ", {"num_partitions": 128}),
    ("IVF_FLAT", {}),
    ("IVF_PQ", {"num_sub_vectors": 96}),
    ("IVF_HNSW_SQ", {}),
)
CANDIDATES = 100


def queries(embedder: Any) -> NDArray[np.float32]:
    """Vectors of questions and of beginnings of sentences."""
    beginnings = [" ".join(text.split()[:9]) for text in search_corpus.sentences()[::8]]
    vectors: NDArray[np.float32] = embedder.embed([*search_corpus.QUESTIONS, *beginnings]).vectors
    return vectors


def measure(
    dataset: Any, asked: NDArray[np.float32], nearest: NDArray[np.int64], **options: int
) -> tuple[float, float, float]:
    """p50 in milliseconds, share of the nearest 10 and of the nearest 100 among the candidates."""
    taken: list[float] = []
    ten = hundred = 0
    for query, truth in zip(asked, nearest, strict=True):
        start = time.perf_counter()
        search = {"column": "vector", "q": query, "k": CANDIDATES, "metric": "cosine", **options}
        found = dataset.scanner(columns=["_distance"], nearest=search, with_row_id=True).to_table()
        taken.append((time.perf_counter() - start) * 1000)
        rows = set(found["_rowid"].to_pylist())
        ten += len(rows & set(truth[:10].tolist()))
        hundred += len(rows & set(truth.tolist()))
    return float(np.median(taken)), ten / (10 * len(asked)), hundred / (CANDIDATES * len(asked))


def main() -> None:
    """Build each index over the same rows and print a line for each number of partitions looked into."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=100_000)
    arguments = parser.parse_args()
    embedder = MiniLMEmbedder()
    vectors = search_corpus.make(embedder, chunks=arguments.chunks).vectors
    asked = queries(embedder)
    nearest = np.argsort(-(asked @ vectors.T), axis=1)[:, :CANDIDATES]
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1])
    print(f"{arguments.chunks:,} × {vectors.shape[1]}, {len(asked)} queries, load {os.getloadavg()[0]:.1f}")
    print(f"{'index':34}{'build s':>9}{'nprobes':>9}{'p50 ms':>9}{'in reach':>10}{'recall@100':>12}")
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        dataset = lance.write_dataset(pa.table({"vector": column}), f"{folder}/kinds.lance")
        show("exact", 0.0, None, measure(dataset, asked, nearest))
        for kind, options in KINDS:
            start = time.perf_counter()
            dataset.create_index("vector", kind, metric="cosine", name="vector", replace=True, **options)
            build_seconds = time.perf_counter() - start
            dataset = lance.dataset(f"{folder}/kinds.lance")
            given = ", ".join(f"{name} {value}" for name, value in options.items())
            for nprobes in (8, 24, 48):
                figures = measure(dataset, asked, nearest, nprobes=nprobes)
                show(f"{kind} {given}", build_seconds, nprobes, figures)


def show(name: str, build_seconds: float, nprobes: int | None, figures: tuple[float, float, float]) -> None:
    """One line of the table."""
    p50_ms, ten, hundred = figures
    print(f"{name:34}{build_seconds:9.1f}{nprobes or '':>9}{p50_ms:9.1f}{ten:10.3f}{hundred:12.3f}")


if __name__ == "__main__":
    main()
