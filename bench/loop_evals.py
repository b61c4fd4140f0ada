"""Evals: a comparison of two runs of 10,000 cases, and a suite whose outputs are all stored.

    python bench/loop_evals.py

inspect_ai, lm-evaluation-harness and promptfoo have no paired comparison to run. The rival of ours is
`scipy.stats.bootstrap(paired=True)` on one of its metrics, with the same draws.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import headrace
from headrace.records.golden import CaseInput

CONFIG = """
[evals]
python = true

[evals.echo]
target = "evals/targets.py:echo"
scorers = ["exact", "contains", "regex"]
concurrency = 16
"""
TARGET = "def echo(inputs):\n    return inputs['question']\n"


def main() -> int:
    """Run and print; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--cached", type=int, default=1_000)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "evals").mkdir()
        (root / "evals" / "targets.py").write_text(TARGET)
        (root / "headrace.toml").write_text(CONFIG)
        with headrace.open(root) as workspace:
            compare, rival = comparison(workspace, given)
            first, again = stored(workspace, given)
    print(f"| work | seconds, best of {given.repeat} | of processor | goal |\n|---|---|---|---|")
    for work, took, goal in (
        (f"compare two runs of {given.cases:,} cases, {given.draws:,} draws", compare, "1.0"),
        (f"scipy.stats.bootstrap of one p95, {rival.cpu / compare.cpu:.0f} ×", rival, ""),
        (f"a suite of {given.cached:,} cases, first run", first, ""),
        ("the same, every output stored", again, "2.0"),
    ):
        print(f"| {work} | {took.wall:.2f} | {took.cpu:.2f} | {goal} |")
    return int(compare.wall > 1.0 or again.wall > 2.0)


def comparison(workspace: Any, given: argparse.Namespace) -> tuple[Took, Took]:
    """Seconds of the comparison, reading both runs included, and of the rival."""
    random = np.random.default_rng(1)
    latency = {}
    for name, shift in (("before", 1.0), ("after", 1.02)):
        right = random.random(given.cases) < 0.8
        gain = random.random(given.cases)
        latency[name] = random.lognormal(5, 0.5, given.cases) * shift
        rows = [
            {
                "case": f"c{n}",
                "scores": {"right": int(right[n]), "ndcg": float(gain[n])},
                "latency_ms": float(latency[name][n]),
                "tags": [f"t{n % 10}"],
            }
            for n in range(given.cases)
        ]
        workspace.evals.import_rows(rows, name)

    def work() -> None:
        report = workspace.evals.compare("before", "after", draws=given.draws)
        assert len(report.metrics) == 4

    def rival() -> None:
        from scipy import stats

        def p95(after: Any, before: Any, axis: int = -1) -> Any:
            return np.quantile(after, 0.95, axis=axis) - np.quantile(before, 0.95, axis=axis)

        pair = (latency["after"], latency["before"])
        stats.bootstrap(
            pair, p95, paired=True, vectorized=True, n_resamples=given.draws, batch=100, method="percentile"
        )

    return best(work, given.repeat), best(rival, 1)


def stored(workspace: Any, given: argparse.Namespace) -> tuple[Took, Took]:
    """Seconds of a first run, and of one that asks nothing."""
    cases = [
        CaseInput(
            key=f"k{n}",
            inputs={"question": f"How long are the records of kind {n} kept by us?"},
            expected={"answer": f"How long are the records of kind {n} kept by us?", "contains": str(n)},
        )
        for n in range(given.cached)
    ]
    workspace.golden.add(cases, accept=True)
    first = best(lambda: workspace.evals.run("echo"), 1)

    def again() -> None:
        assert workspace.evals.run("echo").cached == given.cached

    return first, best(again, given.repeat)


class Took(NamedTuple):
    """The quickest of some tries, in seconds."""

    wall: float
    cpu: float
    """Of all threads: what it would take on a machine with nothing else to do."""


def best(work: Callable[[], object], repeat: int) -> Took:
    """Try so many times."""
    times = []
    for _ in range(repeat):
        began, spent = time.perf_counter(), time.process_time()
        work()
        times.append(Took(time.perf_counter() - began, time.process_time() - spent))
    return Took(min(took.wall for took in times), min(took.cpu for took in times))


if __name__ == "__main__":
    sys.exit(main())
