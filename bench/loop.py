"""Datasets: commit of many rows, of few among them, their difference, and the search for eval cases.

`python bench/loop.py [--rows 1000000] [--cases 10000] [--json FILE]`. Rows have two texts of twelve words,
a number, a whole number, a class and a group. Times are of the operations as `workspace.datasets` has them,
files written and synced, gates with their defaults. With HEADRACE_PEERS_PYTHON, a Python that has
`datasets`, Hugging Face's `Dataset.save_to_disk` writes the same rows: all of them again for a version with
100 changed rows.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import headrace
from headrace.curate.datasets.gates import contamination
from headrace.curate.datasets.reading import Reading, of_table

WORDS = np.array(
    [f"{word}{number}" for word in ("mill", "heron", "sluice", "boat", "ledger") for number in range(40)]
)
CHANGED = 100
_PEER = """
import sys, time, json
import pyarrow.parquet as pq
from datasets import Dataset
first, second, out = sys.argv[1:]
times = []
for number, path in enumerate((first, second)):
    table = Dataset(pq.read_table(path))
    began = time.perf_counter()
    table.save_to_disk(f"{out}/{number}")
    times.append(time.perf_counter() - began)
print(json.dumps(times))
"""


class Case(NamedTuple):
    """An eval case."""

    id: str
    set: str
    text: str
    group: str | None


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--peers", default=os.environ.get("HEADRACE_PEERS_PYTHON"))
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), options.rows)
        figures |= decontaminate(options.rows // 10, options.cases)
        if options.peers:
            figures |= beside(Path(folder), options.peers)
        else:
            print("Left out: Hugging Face datasets. Name a Python that has it with --peers.")
    for name, figure in figures.items():
        print(f"{name:<66} {figure:10.3f}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


def measure(folder: Path, rows: int) -> dict[str, float]:
    """Seconds of commits and of a difference."""
    rng = np.random.default_rng(7)
    first = table(rng, rows)
    places = np.sort(rng.choice(rows, CHANGED, replace=False))
    scores = first["score"].to_numpy().copy()
    scores[places] += 1
    second = first.set_column(first.column_names.index("score"), "score", pa.array(scores))
    pq.write_table(first, folder / "first.parquet")
    pq.write_table(second, folder / "second.parquet")
    pq.write_table(second.take(pa.array(places)), folder / "few.parquet")
    (folder / "headrace.toml").write_text("")
    figures: dict[str, float] = {}
    with headrace.open(folder) as workspace:
        workspace.datasets.create("bench")
        data = workspace.datasets
        _timed(
            figures,
            f"add {rows:,} rows of a Parquet file",
            lambda: data.import_files("bench", [folder / "first.parquet"], group="user"),
        )
        _timed(figures, f"commit {rows:,} rows, default gates", lambda: _committed(data.commit("bench")))
        _timed(
            figures,
            f"add {CHANGED} rows",
            lambda: data.import_files("bench", [folder / "few.parquet"], group="user"),
        )
        _timed(
            figures, f"commit {CHANGED} changed rows of {rows:,}", lambda: _committed(data.commit("bench"))
        )
        _timed(figures, "difference of these two", lambda: _changed(data.diff("bench", "1")), turns=3)
    return figures


def decontaminate(rows: int, cases: int) -> dict[str, float]:
    """Seconds to look for every case in rows; one row in a thousand holds one."""
    rng = np.random.default_rng(8)
    made = table(rng, rows)
    told = [" ".join(words) for words in WORDS[rng.integers(0, len(WORDS), (cases, 30))]]
    prompts = made["prompt"].to_pylist()
    for place in range(0, rows, 1000):
        prompts[place] = "Before. " + told[place % cases] + " And after."
    made = made.set_column(made.column_names.index("prompt"), "prompt", pa.array(prompts))
    read = of_table(made, Reading(), provenance={})
    held_out = [Case(str(number), "bench", text, None) for number, text in enumerate(told)]
    figures: dict[str, float] = {}
    hits: list[contamination.Hit] = []
    name = f"look for {cases:,} cases in {rows:,} rows"
    _timed(figures, name, lambda: hits.extend(contamination.find(read, held_out)))
    assert {hit.row for hit in hits} == set(range(0, rows, 1000))
    return figures


def beside(folder: Path, python: str) -> dict[str, float]:
    """What Hugging Face's datasets takes to keep both versions."""
    command = [
        python,
        "-c",
        _PEER,
        str(folder / "first.parquet"),
        str(folder / "second.parquet"),
        str(folder / "hf"),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "HF_HUB_OFFLINE": "1"}
    )
    if done.returncode:
        print(f"Left out: Hugging Face datasets. {(done.stderr.strip().splitlines() or ['it failed'])[-1]}")
        return {}
    first, second = json.loads(done.stdout.splitlines()[-1])
    return {
        "Hugging Face: save the first version, no gates, no ids (s)": first,
        f"Hugging Face: save the version with {CHANGED} changed rows (s)": second,
    }


def table(rng: Any, rows: int) -> pa.Table:
    """Rows."""
    texts = [" ".join(words) for words in WORDS[rng.integers(0, len(WORDS), (rows, 12))]]
    return pa.table(
        {
            "key": [f"case-{number:08}" for number in range(rows)],
            "prompt": texts,
            "completion": texts[::-1],
            "score": rng.random(rows),
            "turns": rng.integers(0, 9, rows),
            "label": np.array(["good", "bad", "ok"])[rng.integers(0, 3, rows)],
            "user": [f"u{number}" for number in rng.integers(0, 50_000, rows)],
        }
    )


def _timed(figures: dict[str, float], name: str, work: Any, *, turns: int = 1) -> None:
    """Keep the seconds of the best turn, and the processor seconds of all threads in it."""
    times = []
    for _ in range(turns):
        began, busy = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - began, time.process_time() - busy))
    figures[f"{name} (s)"], figures[f"{name} (s, processor)"] = min(times)


def _committed(report: Any) -> None:
    assert report.state == "committed", report.checks


def _changed(report: Any) -> None:
    assert report.changed == CHANGED


if __name__ == "__main__":
    main()
