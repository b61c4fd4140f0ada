"""Hybrid search at 100,000 chunks: latency, recall of the vector index, what small commits do to both.

`python bench/search.py --help`. The query is embedded by `minilm` inside the measured time, and the call's
event is durable before the hits come back. With HEADRACE_PEERS_PYTHON set, plain LanceDB runs beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import search_corpus
from search_commits import change_documents

import headrace
from headrace.infer.embedders.minilm import MiniLMEmbedder

PEER = Path(__file__).resolve().parent / "peers" / "lancedb_search_peer.py"
TARGET_P50_MS = 12.0
TARGET_RATIO = {"without maintenance": 3.0, "with maintenance": 1.3}
WARM_UP = 40


def latencies(workspace: Any, *, queries: int) -> dict[str, float]:
    """p50 and p99 of `search`, in milliseconds, and the median of its parts."""
    questions = search_corpus.QUESTIONS
    whole: list[float] = []
    for number in range(WARM_UP + queries):
        start = time.perf_counter()
        workspace.search(questions[number % len(questions)])
        whole.append((time.perf_counter() - start) * 1000)
    whole = whole[WARM_UP:]
    return {"p50_ms": float(np.percentile(whole, 50)), "p99_ms": float(np.percentile(whole, 99))}


def shape(workspace: Any) -> dict[str, int]:
    """Fragments, index segments and uncovered rows of the version that serves."""
    from headrace.ingest.index.coverage import live_rows, segments, uncovered

    snapshots = workspace._retriever.snapshots
    dataset = snapshots.dataset(snapshots.current("bench", ()))
    return {
        "fragments": len(dataset.get_fragments()),
        "segments": segments(dataset),
        "uncovered_rows": sum(map(live_rows, uncovered(dataset))),
    }


def recall_at_10(workspace: Any, embedder: Any) -> float:
    """Share of the 10 truly nearest rows among those that `search` takes for them."""
    from headrace.ingest.search.candidates import by_vector, outside_index, similarities, vectors_of

    snapshots = workspace._retriever.snapshots
    opened = snapshots.open(snapshots.current("bench", ()))
    table = opened.dataset.to_table(columns=["vector"], with_row_id=True)
    rows = np.array(table["_rowid"].to_pylist())
    vectors = table["vector"].combine_chunks().flatten().to_numpy().reshape(len(rows), -1)
    beginnings = [" ".join(text.split()[:9]) for text in search_corpus.sentences()[::20]]
    found = 0
    queries = [*search_corpus.QUESTIONS, *beginnings]
    for text in queries:
        query = embedder.embed_query(text)
        exact = set(rows[np.argsort(-(vectors @ query))[:10]].tolist())
        near = by_vector(opened, query, where=None, limit=100)
        near += outside_index(opened, query, where=None, limit=100)
        similar = similarities(query, near, vectors_of(opened, near))
        found += len(exact & set(sorted(similar, key=lambda row: -similar[row])[:10]))
    return found / (10 * len(queries))


def measure(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Everything about Headrace, in one process."""
    embedder = MiniLMEmbedder()
    corpus = search_corpus.make(embedder, chunks=arguments.chunks)
    workspace_folder = folder / "workspace"
    search_corpus.write(workspace_folder, corpus)
    lines: list[dict[str, Any]] = []
    with headrace.open(workspace_folder) as workspace:
        search_corpus.prefill(workspace, embedder, corpus)
        report = workspace.sync()
        assert report.embeddings.computed == 0, "the embedding store was to hold every vector"
        say(
            f"synced {report.chunks.total:,} chunks in {report.seconds:.0f} s; vectors resemble those of the "
            f"embedder with cosine {corpus.likeness:.2f}"
        )

        def line(name: str) -> None:
            lines.append(
                {"step": name, **latencies(workspace, queries=arguments.queries), **shape(workspace)}
            )
            say(f"  {name}: p50 {lines[-1]['p50_ms']:.1f} ms")

        line("fresh")
        recall = {"fresh": recall_at_10(workspace, embedder)}
        for name, maintain in (("without maintenance", False), ("with maintenance", True)):
            start = time.perf_counter()
            versions = change_documents(
                workspace,
                texts=corpus.texts,
                vectors=corpus.vectors,
                commits=arguments.commits,
                maintain=maintain,
                seed=len(lines),
            )
            seconds = time.perf_counter() - start
            line(name)
            lines[-1] |= {"commit_ms": seconds * 1000 / max(arguments.commits, 1), "versions": versions}
        recall["after commits"] = recall_at_10(workspace, embedder)
        start = time.perf_counter()
        embedder.embed(list(search_corpus.QUESTIONS))
        embed_ms = (time.perf_counter() - start) * 1000 / len(search_corpus.QUESTIONS)
    write_peer_data(folder, corpus, embedder)
    return {
        "chunks": arguments.chunks,
        "commits": arguments.commits,
        "lines": lines,
        "recall_at_10": recall,
        "embed_ms": embed_ms,
    }


def write_peer_data(folder: Path, corpus: search_corpus.Corpus, embedder: Any) -> None:
    """The same texts, vectors and queries for the peer."""
    np.save(folder / "vectors.npy", corpus.vectors)
    np.save(folder / "queries.npy", embedder.embed(list(search_corpus.QUESTIONS)).vectors)
    with (folder / "texts.json").open("w", encoding="utf-8") as out:
        json.dump({"texts": corpus.texts, "queries": list(search_corpus.QUESTIONS)}, out)


def run_peer(folder: Path, arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Plain LanceDB over the same rows, in its own Python; None with a note where there is none."""
    if not arguments.peers_python:
        say("LanceDB left out: set HEADRACE_PEERS_PYTHON to a Python that has `lancedb`.")
        return None
    command = [
        arguments.peers_python,
        str(PEER),
        str(folder),
        "--queries",
        str(arguments.queries),
        "--commits",
        str(arguments.peer_commits),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    if done.returncode:
        say(f"LanceDB left out: {done.stderr.strip()[-400:]}")
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def show(result: dict[str, Any]) -> None:
    """Print the tables."""
    fresh = result["lines"][0]["p50_ms"]
    print(f"\nhybrid search, {result['chunks']:,} chunks × 384, load {os.getloadavg()[0]:.1f} at the end")
    print(
        f"{'Headrace, embedding and event included':44}{'p50 ms':>8}{'p99 ms':>8}{'ratio':>7}{'target':>8}"
        f"{'fragments':>11}{'segments':>10}{'versions':>10}"
    )
    for line in result["lines"]:
        target = TARGET_RATIO.get(line["step"])
        goal = f"≤ {target}×" if target else f"≤ {TARGET_P50_MS:.0f} ms"
        name = line["step"] if line["step"] == "fresh" else f"{result['commits']:,} commits {line['step']}"
        print(
            f"{name:44}{line['p50_ms']:8.1f}{line['p99_ms']:8.1f}{line['p50_ms'] / fresh:7.2f}{goal:>8}"
            f"{line['fragments']:11,}{line['segments']:10}{line.get('versions', 0):10,}"
        )
    print(f"recall@10 of the vector search against the exact one: {result['recall_at_10']}")
    print(f"of which embedding a query: {result['embed_ms']:.1f} ms")
    peer = result.get("peer")
    if peer:
        first = peer["lines"][0]["p50_ms"]
        print(
            f"\nLanceDB {peer['version']} alone ({peer['index']}, reciprocal rank; query vectors are given "
            "to it, nothing is recorded)"
        )
        for line in peer["lines"]:
            print(f"{line['step']:44}{line['p50_ms']:8.1f}{line['p99_ms']:8.1f}{line['p50_ms'] / first:7.2f}")


def say(text: str) -> None:
    """Progress, beside the tables."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--commits", type=int, default=2000)
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--peer-commits", type=int, default=200, help="small commits for the peer")
    parser.add_argument("--peers-python", default=os.environ.get("HEADRACE_PEERS_PYTHON"))
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        result = measure(Path(folder), arguments)
        result["peer"] = run_peer(Path(folder), arguments)
    show(result)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
