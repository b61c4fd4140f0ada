"""Plain LanceDB: hybrid search over the rows of the search benchmark, as its own guide does it.

`lancedb_search_peer.py FOLDER --queries N --commits N` prints one JSON line. FOLDER holds vectors.npy,
queries.npy and texts.json. Query vectors are given, so no embedding is in its time.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.rerankers import RRFReranker

WARM_UP = 40
INDEX = "IVF_PQ"  # what create_index builds when nothing is asked for


def latencies(table: Any, vectors: Any, texts: list[str], *, queries: int) -> dict[str, float]:
    """p50 and p99 of a hybrid query, in milliseconds."""
    reranker = RRFReranker()
    whole: list[float] = []
    for number in range(WARM_UP + queries):
        place = number % len(texts)
        start = time.perf_counter()
        query = table.search(query_type="hybrid").vector(vectors[place]).text(texts[place])
        query.distance_type("cosine").rerank(reranker).limit(10).to_list()
        whole.append((time.perf_counter() - start) * 1000)
    return {
        "p50_ms": float(np.percentile(whole[WARM_UP:], 50)),
        "p99_ms": float(np.percentile(whole[WARM_UP:], 99)),
    }


def rows(ids: Any, texts: list[str], vectors: Any) -> pa.Table:
    """Rows in the columns of the peer's table."""
    flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1))
    return pa.table(
        {
            "id": pa.array(ids, pa.string()),
            "text": texts,
            "vector": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
        }
    )


def main() -> None:
    """Build, measure, change documents one by one, measure, optimise, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--commits", type=int, default=200)
    arguments = parser.parse_args()
    vectors = np.load(arguments.folder / "vectors.npy")
    query_vectors = np.load(arguments.folder / "queries.npy")
    given = json.loads((arguments.folder / "texts.json").read_text(encoding="utf-8"))
    texts, questions = given["texts"], given["queries"]
    database = lancedb.connect(arguments.folder / "lancedb")
    table = database.create_table("chunks", rows([str(n) for n in range(len(texts))], texts, vectors))
    table.create_index(metric="cosine", vector_column_name="vector", index_type=INDEX)
    table.create_fts_index("text", use_tantivy=False, stem=True, remove_stop_words=True)
    table.create_scalar_index("id")
    lines = [{"step": "fresh", **latencies(table, query_vectors, questions, queries=arguments.queries)}]
    chance = np.random.default_rng(2)
    for number in range(arguments.commits):
        place, other = chance.integers(len(texts), size=2)
        changed = rows([str(place)], [f"{texts[other]} Revised {number}."], vectors[[other]])
        table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all().execute(changed)
    line = latencies(table, query_vectors, questions, queries=arguments.queries)
    lines.append({"step": f"{arguments.commits} commits", **line})
    table.optimize()
    line = latencies(table, query_vectors, questions, queries=arguments.queries)
    lines.append({"step": "after optimize()", **line})
    print(json.dumps({"version": lancedb.__version__, "index": INDEX, "lines": lines}))


if __name__ == "__main__":
    main()
