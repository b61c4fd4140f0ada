"""How good the search is: nDCG@10, recall@10 and MRR on the Cranfield collection, through a real workspace.

`python bench/retrieval.py [--json FILE]`. The collection (1,400 abstracts, 225 questions, graded judgements)
is read from $HEADRACE_TEST_DATA/cranfield, by default ../shared/data/cranfield beside the repository.
A document counts at the rank of its best chunk.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import headrace

DATA = Path(os.environ.get("HEADRACE_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
TARGET_NDCG = 0.56
CUT = 10
CHUNKS = 40
"""Chunks asked for, so that ten documents are among them."""
CONFIG = """\
[corpus.cranfield]
sources = [{{ type = "records", path = {path}, id = "id", text = ["title", "text"] }}]

[corpus.cranfield.recipe]
embedder = "minilm"
"""

Ranking = Callable[[str], Iterable[str]]
"""From a question to URIs of documents, best first, repeats allowed."""


def judgements(folder: Path) -> dict[str, dict[str, int]]:
    """Query id to document id to grade, higher is more relevant."""
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        grades[query][document] = int(grade)
    return grades


def score(
    ranking: Ranking, queries: Mapping[str, str], grades: Mapping[str, Mapping[str, int]]
) -> dict[str, float]:
    """Means over all queries."""
    totals = dict.fromkeys(("ndcg", "recall", "mrr"), 0.0)
    for query, text in queries.items():
        found = list(dict.fromkeys(uri.rsplit("#", 1)[1] for uri in ranking(text)))[:CUT]
        relevant = grades[query]
        best = sorted(relevant.values(), reverse=True)[:CUT]
        totals["ndcg"] += _gain([relevant.get(name, 0) for name in found]) / _gain(best)
        totals["recall"] += sum(name in relevant for name in found) / len(relevant)
        totals["mrr"] += next((1 / rank for rank, name in enumerate(found, 1) if name in relevant), 0.0)
    return {name: total / len(queries) for name, total in totals.items()}


def _gain(grades: Iterable[int]) -> float:
    return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


class Lists:
    """The lists that the search fuses, ranked by themselves and by reciprocal rank."""

    def __init__(self, workspace: Any) -> None:
        snapshots = workspace._retriever.snapshots
        served = snapshots.current("cranfield", ())
        self._opened = snapshots.open(served)
        self._embedder = workspace._embedder("minilm")
        column = self._opened.dataset.to_table(columns=["document"], with_row_id=True)
        self._documents = dict(zip(column["_rowid"].to_pylist(), column["document"].to_pylist(), strict=True))

    def words(self, text: str) -> list[str]:
        """By full text alone."""
        return self._named(self._words(text))

    def vectors(self, text: str) -> list[str]:
        """By vectors alone."""
        return self._named(self._vectors(text))

    def reciprocal_rank(self, text: str) -> list[str]:
        """Both, fused by reciprocal rank with the usual constant of 60."""
        fused: dict[int, float] = defaultdict(float)
        for scores in (self._words(text), self._vectors(text)):
            for rank, row in enumerate(_order(scores), 1):
                fused[row] += 1 / (60 + rank)
        return self._named(fused)

    def _words(self, text: str) -> dict[int, float]:
        from headrace.ingest.search.candidates import by_words

        return by_words(self._opened, text, where=None, limit=3 * CHUNKS)

    def _vectors(self, text: str) -> dict[int, float]:
        from headrace.ingest.search.candidates import by_vector, similarities, vectors_of

        vector = self._embedder.embed_query(text)
        rows = by_vector(self._opened, vector, where=None, limit=3 * CHUNKS)
        return similarities(vector, rows, vectors_of(self._opened, rows))

    def _named(self, scores: Mapping[int, float]) -> list[str]:
        return [self._documents[row] for row in _order(scores)]


def _order(scores: Mapping[int, float]) -> list[int]:
    return sorted(scores, key=lambda row: (-scores[row], row))


def measure(folder: Path, data: Path) -> dict[str, Any]:
    """Sync the collection into a workspace and score every way to rank."""
    (folder / "headrace.toml").write_text(
        CONFIG.format(path=json.dumps(str(data / "corpus.jsonl"))), encoding="utf-8"
    )
    lines = (data / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    queries = {query["id"]: query["text"] for query in map(json.loads, lines)}
    grades = judgements(data)
    with headrace.open(folder) as workspace:
        start = time.perf_counter()
        report = workspace.sync()
        seconds = time.perf_counter() - start
        lists = Lists(workspace)
        ways: dict[str, Ranking] = {
            "full text only": lists.words,
            "dense only": lists.vectors,
            "reciprocal rank of both": lists.reciprocal_rank,
            "hybrid, as `search` does it": lambda text: [
                hit.document for hit in workspace.search(text, k=CHUNKS).hits
            ],
        }
        scores = {name: score(ranking, queries, grades) for name, ranking in ways.items()}
    return {
        "documents": report.documents.added,
        "failed": report.documents.failed,
        "chunks": report.chunks.total,
        "queries": len(queries),
        "sync_seconds": seconds,
        "scores": scores,
    }


def show(result: Mapping[str, Any]) -> None:
    """Print the table."""
    print(
        f"Cranfield: {result['documents']:,} documents ({result['failed']} are empty and fail), "
        f"{result['chunks']:,} chunks, {result['queries']} queries, synced in {result['sync_seconds']:.0f} s"
    )
    print(f"{'':30}{'nDCG@10':>9}{'recall@10':>11}{'MRR':>8}")
    for name, scores in result["scores"].items():
        print(f"{name:30}{scores['ndcg']:9.4f}{scores['recall']:11.4f}{scores['mrr']:8.4f}")
    reached = result["scores"]["hybrid, as `search` does it"]["ndcg"]
    print(f"target: hybrid nDCG@10 ≥ {TARGET_NDCG}: {'reached' if reached >= TARGET_NDCG else 'MISSED'}")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    data = DATA / "cranfield"
    if not (data / "corpus.jsonl").is_file():
        print(f"Left out: no Cranfield collection at {str(data)!r}; name its parent with HEADRACE_TEST_DATA.")
        return
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        result = measure(Path(folder), data)
    show(result)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
