"""Features: the point-in-time join of files, and the online read, beside Feast where it is installed.

`python bench/features.py [--rows 1000000] [--peers PYTHON] [--json FILE]`. Rows of `--entities`
(100,000) entities, 5 numbers each, in one view 30 % of them known late. Times are of the join of one Parquet
file with another into a third, files read and written, in a process that has its libraries loaded. With
`--peers`, or HEADRACE_PEERS_PYTHON, Feast 0.67 joins a tenth of it from the same files, and its values are
compared.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import headrace

FEATURES = [f"f{number}" for number in range(5)]
VIEW = """\
entity = "user"
event_time = "event_timestamp"
{known}ttl = "60d"
[source]
parquet = "{file}"
[schema]
user = "integer"
{features}
"""
_START_US = 1_700_000_000_000_000
_SPAN_US = 100 * 86_400_000_000
_LATE_US = 3_600_000_000
_TURNS = 3


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--entities", type=int, default=100_000)
    parser.add_argument("--peers", default=os.environ.get("HEADRACE_PEERS_PYTHON"))
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), rows=options.rows, entities=options.entities)
        if options.peers:
            figures |= beside(Path(folder), options.peers)
        else:
            print("Left out: Feast. Name a Python that has it with --peers.")
    for name, figure in figures.items():
        print(f"{name:<58} {figure:10.3f}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


def measure(folder: Path, *, rows: int, entities: int) -> dict[str, float]:
    """Seconds of joins and milliseconds of reads."""
    rng = np.random.default_rng(7)
    (folder / "headrace.toml").write_text("")
    (folder / "features").mkdir()
    source(folder / "rows.parquet", rng, rows, entities)
    small = max(1, rows // 10)
    source(folder / "tenth.parquet", rng, small, entities // 10)
    for name, file, known in (
        ("plain", "rows", ""),
        ("late", "rows", 'known_time = "known"\n'),
        ("tenth", "tenth", ""),
    ):
        columns = "\n".join(f'{feature} = "number"' for feature in FEATURES)
        text = VIEW.format(known=known, file=f"{file}.parquet", features=columns)
        (folder / "features" / f"{name}.toml").write_text(text)
    few, many = max(1, rows // 50), rows
    for name, number in (("few", few), ("many", many)):
        requests(folder / f"{name}.parquet", rng, number, entities)
    requests(folder / "peer.parquet", rng, few, entities // 10)
    figures = {}
    with headrace.open(folder) as workspace:
        for view in ("plain", "late"):
            for name, number in (("few", few), ("many", many)):
                seconds = [_join(workspace, folder, name, view) for _ in range(_TURNS)]
                figures[f"join of {number:,} over {rows:,} rows, {view} (s, best of {_TURNS})"] = min(seconds)
        workspace.features.materialise("plain")
        keys = rng.integers(0, entities, 3000).tolist()
        times = []
        for key in keys:
            started = time.perf_counter()
            workspace.features.get("plain", key)
            times.append((time.perf_counter() - started) * 1000)
        figures["online read, SQLite (ms, median)"] = statistics.median(times)
        figures["online read, SQLite (ms, 99 of 100)"] = sorted(times)[len(times) * 99 // 100]
        figures["join of the peer's files (s, best of 3)"] = min(
            _join(workspace, folder, "peer", "tenth") for _ in range(_TURNS)
        )
    return figures


def _join(workspace: Any, folder: Path, name: str, view: str) -> float:
    started = time.perf_counter()
    report = workspace.features.join(
        folder / f"{name}.parquet", [view], out=folder / f"{name}.out.parquet", time="event_timestamp"
    )
    seconds = time.perf_counter() - started
    assert report.rows == pq.read_metadata(folder / f"{name}.parquet").num_rows
    return seconds


def source(path: Path, rng: Any, rows: int, entities: int) -> None:
    """Rows of a source."""
    event = _START_US + rng.integers(0, _SPAN_US, rows)
    late = event + rng.integers(0, _LATE_US, rows) * (rng.random(rows) < 0.3)
    stamp = pa.timestamp("us", "UTC")
    table = {
        "user": rng.integers(0, entities, rows),
        "event_timestamp": pa.array(event, stamp),
        "known": pa.array(late, stamp),
        **{feature: rng.random(rows) for feature in FEATURES},
    }
    pq.write_table(pa.table(table), path)


def requests(path: Path, rng: Any, rows: int, entities: int) -> None:
    """Requests at times of the same span."""
    event = pa.array(_START_US + rng.integers(0, _SPAN_US, rows), pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"user": rng.integers(0, entities, rows), "event_timestamp": event}), path)


def beside(folder: Path, python: str) -> dict[str, float]:
    """What Feast takes for the same files, and how many of its values are the same."""
    peer = Path(__file__).parent / "peers" / "feast_join.py"
    done = subprocess.run([python, str(peer), str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"Left out: Feast. {(done.stderr.strip().splitlines() or ['it failed'])[-1]}")
        return {}
    told = json.loads(done.stdout.splitlines()[-1])
    ours = pq.read_table(folder / "peer.out.parquet")
    theirs = pq.read_table(folder / "feast.parquet")
    mine = {
        (user, at): values
        for user, at, *values in zip(
            ours["user"].to_pylist(),
            ours["event_timestamp"].to_pylist(),
            *(ours[f"tenth__{feature}"].to_pylist() for feature in FEATURES),
            strict=True,
        )
    }
    same = sum(
        mine[user, at] == values
        for user, at, *values in zip(
            theirs["user"].to_pylist(),
            theirs["event_timestamp"].to_pylist(),
            *(theirs[feature].to_pylist() for feature in FEATURES),
            strict=True,
        )
    )
    return {
        "Feast: join of the same files (s)": told["seconds"],
        "Feast: share of the requests that came back": len(theirs) / len(ours),
        "Feast: share of its rows with our values": same / max(1, len(theirs)),
    }


if __name__ == "__main__":
    main()
