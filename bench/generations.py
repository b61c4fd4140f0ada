"""What generations cost: searches during a backfill and after small commits, a recount, a forgetting.

`python bench/generations.py --help`. The corpus is that of `search.py`; the backfill builds a generation with
another embedder in a process of its own, as `headrace index build` does.
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
import search
import search_corpus
from search_commits import change_documents

import headrace
from headrace.infer.embedders.minilm import MiniLMEmbedder

BUILD = ("index", "build", "--recipe", "embedder=hash", "--json")
TARGETS = {"after commits, without maintenance": 3.0, "after commits, with maintenance": 1.3}


def during_backfill(workspace: Any, folder: Path) -> dict[str, float]:
    """p50 and p99 of searches while another process builds a generation, and how long that took."""
    questions = search_corpus.QUESTIONS
    started = time.perf_counter()
    whole: list[float] = []
    with subprocess.Popen(
        [sys.executable, "-m", "headrace", *BUILD], cwd=folder, stdout=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None:
            begun = time.perf_counter()
            workspace.search(questions[len(whole) % len(questions)])
            whole.append((time.perf_counter() - begun) * 1000)
        assert process.stdout is not None
        report = json.loads(process.stdout.read())
    assert report["state"] == "validating", report
    return {
        "p50_ms": float(np.percentile(whole, 50)),
        "p99_ms": float(np.percentile(whole, 99)),
        "searches": len(whole),
        "seconds": time.perf_counter() - started,
        "documents": report["documents"],
    }


def timed(call: Any) -> tuple[float, Any]:
    """Seconds of a call, and what it gave."""
    begun = time.perf_counter()
    found = call()
    return time.perf_counter() - begun, found


def forgetting(workspace: Any) -> float | None:
    """Seconds to forget one document everywhere; None where the workspace cannot."""
    forget = getattr(workspace, "forget", None)
    if forget is None:
        return None
    with workspace.ledger.read() as conn:
        from headrace.ledger.documents import load_brief

        _, generation = workspace.releases.pointer(conn, "bench")
        uri = min(state.uri for state in load_brief(conn, generation))
    return timed(lambda: forget(uri))[0]


def measure(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Every figure, in the order of a busy day."""
    embedder = MiniLMEmbedder()
    corpus = search_corpus.make(embedder, chunks=arguments.chunks)
    search_corpus.write(folder, corpus)
    lines: list[dict[str, Any]] = []
    with headrace.open(folder) as workspace:
        search_corpus.prefill(workspace, embedder, corpus)
        workspace.sync()
        lines.append({"step": "fresh", **search.latencies(workspace, queries=arguments.queries)})
        lines.append({"step": "during a backfill", **during_backfill(workspace, folder)})
        lines.append({"step": "beside a built one", **search.latencies(workspace, queries=arguments.queries)})
        search.say(f"{lines}")
        verify_seconds, verified = timed(lambda: workspace.index.verify(sources=False))
        search.say(f"verified in {verify_seconds:.1f} s")
        assert verified.ok, verified.problems[:3]
        for name, maintain in (("without", False), ("with", True)):
            change_documents(
                workspace,
                texts=corpus.texts,
                vectors=corpus.vectors,
                commits=arguments.commits,
                maintain=maintain,
                seed=len(lines),
            )
            step = f"after commits, {name} maintenance"
            lines.append({"step": step, **search.latencies(workspace, queries=arguments.queries)})
            search.say(f"{step}: p50 {lines[-1]['p50_ms']:.1f} ms")
        optimize_seconds, optimized = timed(workspace.index.optimize)
        lines.append({"step": "after `optimize`", **search.latencies(workspace, queries=arguments.queries)})
        search.say(f"optimised in {optimize_seconds:.1f} s")
        return {
            "chunks": arguments.chunks,
            "commits": arguments.commits,
            "lines": lines,
            "verify_seconds": verify_seconds,
            "optimize_seconds": optimize_seconds,
            "fragments": [optimized.before.fragments, optimized.after.fragments],
            "forget_seconds": forgetting(workspace),
        }


def show(result: dict[str, Any]) -> None:
    """Print the table."""
    fresh = result["lines"][0]["p50_ms"]
    load = f"load {os.getloadavg()[0]:.1f} at the end"
    print(f"\ngenerations, {result['chunks']:,} chunks, {result['commits']:,} commits, {load}")
    print(f"{'search':40}{'p50 ms':>8}{'p99 ms':>8}{'ratio':>7}{'target':>8}")
    for line in result["lines"]:
        target = TARGETS.get(line["step"])
        goal = f"≤ {target}×" if target else ""
        ratio = line["p50_ms"] / fresh
        print(f"{line['step']:40}{line['p50_ms']:8.1f}{line['p99_ms']:8.1f}{ratio:7.2f}{goal:>8}")
    build = result["lines"][1]
    print(
        f"backfill of {build['documents']:,} documents: {build['seconds']:.0f} s, "
        f"{build['searches']} searches meanwhile"
    )
    print(f"verify: {result['verify_seconds']:.1f} s")
    before, after = result["fragments"]
    print(f"optimize: {result['optimize_seconds']:.1f} s, {before} fragments to {after}")
    forgotten = result["forget_seconds"]
    print(f"forget one document: {'not there' if forgotten is None else f'{forgotten:.1f} s'}")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--commits", type=int, default=2000)
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        result = measure(Path(folder), arguments)
    show(result)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
