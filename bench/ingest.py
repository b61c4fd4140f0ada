"""Headrace and its peers over the same corpus in one go: `python bench/ingest.py --help`.

Every system gets its own copy of the corpus and goes through the same steps, each step a process of its
own; at each step the systems run one after the other. See bench/README.md for what is counted and what
is not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import corpus
from ingest_table import render, summarise

BENCH = Path(__file__).resolve().parent
EDITS: dict[str, corpus.Edit] = {"edit": "edit", "rename": "rename", "delete": "delete", "empty": "empty"}
SERIES = {
    "all": ("cold", "unchanged", "edit", "rename", "delete", "config_b", "config_a"),
    "small": ("cold", "empty"),
}
PACKAGES = {
    "cocoindex": ("cocoindex", "lancedb"),
    "llamaindex": ("llama-index-core",),
    "langchain": ("langchain-core", "langchain-classic"),
    "headrace": ("headrace", "pylance"),
}
QUIET = {
    "COCOINDEX_DISABLE_USAGE_TRACKING": "1",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "DO_NOT_TRACK": "1",
}
HOW_TO_INSTALL = """\
Peers left out: {reason}.
To run them beside Headrace, give them an environment of their own:
    python -m venv ~/headrace-peers
    ~/headrace-peers/bin/pip install -r bench/requirements-peers.txt
    HEADRACE_PEERS_PYTHON=~/headrace-peers/bin/python python bench/ingest.py
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One thing to measure: who runs which script."""

    name: str
    python: str
    script: Path
    versions: str


class StepError(Exception):
    """A step's process ended with an error or took too long."""


def find_system(name: str, python: str, script: Path) -> System | None:
    """The system if its packages are installed for that Python, else None."""
    code = (
        f"import importlib.metadata as m; "
        f"print(', '.join(f'{{p}} {{m.version(p)}}' for p in {PACKAGES[name]!r}))"
    )
    try:
        found = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60)
    except OSError:
        return None
    if found.returncode:
        return None
    return System(name=name, python=python, script=script, versions=found.stdout.strip())


def find_systems(arguments: argparse.Namespace) -> list[System]:
    """Headrace and the peers that are there; says on stderr which are not, and how to get them."""
    systems: list[System] = []
    if "headrace" not in arguments.skip:
        headrace = find_system("headrace", sys.executable, BENCH / "headrace_steps.py")
        systems += [headrace] if headrace else []
        if not headrace:
            print(f"Headrace is not installed for {sys.executable!r}: no ratios.", file=sys.stderr)
    missing: list[str] = []
    for name in arguments.peers:
        python = arguments.peers_python
        peer = find_system(name, python, BENCH / "peers" / f"{name}_peer.py") if python else None
        systems += [peer] if peer else []
        missing += [] if peer else [name]
    if missing:
        where = (
            f"{', '.join(missing)} not installed for {arguments.peers_python!r}"
            if arguments.peers_python
            else "neither --peers-python nor HEADRACE_PEERS_PYTHON is set"
        )
        print(HOW_TO_INSTALL.format(reason=where), file=sys.stderr)
    return systems


def run_step(system: System, folder: Path, step: str, *, timeout_seconds: float) -> dict[str, Any]:
    """Apply the step's edit to the system's corpus, run one sync in a fresh process, return its line."""
    copy = folder / "corpus"
    if step in EDITS:
        corpus.apply(EDITS[step], copy)
    load = round(os.getloadavg()[0], 2)
    os.sync()  # what the last step left in the page cache is not this one's to write
    start = time.perf_counter()
    command = [system.python, str(system.script), str(copy), str(folder), step]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_seconds, env={**os.environ, **QUIET}
        )
    except subprocess.TimeoutExpired as error:
        raise StepError(f"{system.name} {step}: not done after {timeout_seconds:.0f} s") from error
    whole_seconds = time.perf_counter() - start
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise StepError(f"{system.name} {step}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    line = json.loads(lines[-1])
    process_seconds = round(whole_seconds - line.get("check_seconds", 0.0), 3)
    return {"system": system.name, **line, "process_seconds": process_seconds, "load": load}


def run_series(
    systems: list[System], scratch: Path, series: str, *, timeout_seconds: float
) -> list[dict[str, Any]]:
    """One series of steps, every system at each step before the next, so that noise falls on all alike."""
    measured: list[dict[str, Any]] = []
    rows = {system.name: 0 for system in systems}
    for system in systems:
        shutil.copytree(scratch / series, scratch / system.name / "corpus")
    for step in SERIES[series]:
        for system in [system for system in systems if system.name in rows]:
            entry = {"system": system.name, "series": series, "step": step, "rows_before": rows[system.name]}
            try:
                line = run_step(system, scratch / system.name, step, timeout_seconds=timeout_seconds)
            except StepError as failure:
                print(f"FAILED {failure}", file=sys.stderr)
                measured.append({**entry, "failed_step": True})
                del rows[system.name]
                continue
            measured.append({**entry, **line})
            rows[system.name] = line["rows"]
            print(f"  {series:<5} {step:<9} {system.name:<10} {line['seconds']:>8.2f} s", file=sys.stderr)
    for system in systems:
        shutil.rmtree(scratch / system.name)
    return measured


def run_all(systems: list[System], arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Every repeat of every series."""
    measured: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="headrace-bench-", dir=arguments.scratch) as folder:
        scratch = Path(folder)
        corpus.make(scratch / "all", files=arguments.files)
        corpus.make(scratch / "small", files=min(arguments.files, arguments.empty_files))
        for repeat in range(arguments.repeat):
            for series in SERIES:
                lines = run_series(systems, scratch, series, timeout_seconds=arguments.timeout)
                measured += [{**line, "repeat": repeat} for line in lines]
    return measured


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    peers = [name for name in PACKAGES if name != "headrace"]
    parser.add_argument("--files", type=int, default=10_000, help="documents in the corpus (default 10000)")
    parser.add_argument(
        "--empty-files",
        type=int,
        default=2_000,
        help="documents in the corpus of the empty listing (default 2000)",
    )
    parser.add_argument("--peers", nargs="*", default=peers, choices=peers, help="which peers (default all)")
    parser.add_argument(
        "--peers-python",
        default=os.environ.get("HEADRACE_PEERS_PYTHON"),
        help="Python of the peers' environment (default $HEADRACE_PEERS_PYTHON)",
    )
    parser.add_argument("--skip", nargs="*", default=[], choices=["headrace"], help="leave Headrace out")
    parser.add_argument("--repeat", type=int, default=1, help="runs of everything; the table shows medians")
    parser.add_argument("--timeout", type=float, default=1_800, help="seconds a step may take (default 1800)")
    parser.add_argument("--scratch", type=Path, help="where copies and states go (default: TMPDIR)")
    parser.add_argument("--json", type=Path, help="write every measurement to this file")
    return parser.parse_args()


def main() -> int:
    """Measure, print the table, write the file; 1 if a step failed or nothing could be measured."""
    arguments = parse_arguments()
    systems = find_systems(arguments)
    if not systems:
        return 1
    measured = run_all(systems, arguments)
    loads = [line["load"] for line in measured if "load" in line]
    summary = summarise(measured)
    facts = {
        "files": arguments.files,
        "empty_files": min(arguments.files, arguments.empty_files),
        "chunks_per_file": corpus.SECTIONS_PER_FILE,
        "repeat": arguments.repeat,
        "cores": os.cpu_count(),
        "load": [min(loads, default=None), max(loads, default=None)],
        "python": platform.python_version(),
        "machine": platform.machine(),
        "versions": {system.name: system.versions for system in systems},
    }
    print(render(summary, facts=facts))
    if arguments.json:
        content = {"facts": facts, "summary": summary, "measurements": measured}
        arguments.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 1 if any(line.get("failed_step") for line in measured) else 0


if __name__ == "__main__":
    sys.exit(main())
