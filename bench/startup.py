"""What every command waits for: `import headrace` and `headrace --help`, as whole processes.

`python bench/startup.py [--json FILE]`. With HEADRACE_PEERS_PYTHON naming a Python that has `inspect_ai`, its
import and its help run in turn with ours.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

TARGETS_MS = {"import headrace": 150, "headrace --help": 250}


def commands(peers_python: str | None) -> dict[str, list[str]]:
    """What to run, by name; the peer's only if it is there."""
    found = {
        "import headrace": [sys.executable, "-c", "import headrace"],
        "headrace --help": [sys.executable, "-m", "headrace", "--help"],
        "python alone": [sys.executable, "-c", "pass"],
    }
    if peers_python and _runs([peers_python, "-c", "import inspect_ai"]):
        found["import inspect_ai"] = [peers_python, "-c", "import inspect_ai"]
        program = Path(peers_python).parent / "inspect"
        if program.exists():
            found["inspect --help"] = [str(program), "--help"]
    else:
        print("inspect_ai left out: set HEADRACE_PEERS_PYTHON to a Python that has it.", file=sys.stderr)
    return found


def medians(runs: dict[str, list[str]], *, repeat: int) -> dict[str, float]:
    """Median milliseconds of each; the systems take turns, so that what else runs falls on all."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for command in runs.values():
        _runs(command)  # compiles what was never imported before
    for _ in range(repeat):
        for name, command in runs.items():
            start = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            taken[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(values) for name, values in taken.items()}


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--peers-python", default=os.environ.get("HEADRACE_PEERS_PYTHON"))
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    result = medians(commands(arguments.peers_python), repeat=arguments.repeat)
    print(f"start-up, whole processes, median of {arguments.repeat}, load {load:.1f} before")
    for name, milliseconds in result.items():
        target = TARGETS_MS.get(name)
        verdict = "" if target is None else f"  target < {target} ms"
        print(f"{name:22}{milliseconds:8.0f} ms{verdict}")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
