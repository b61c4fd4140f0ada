"""What a prompt costs a call: finding the released version, making its messages, and both.

`python bench/prompts.py [--calls 2000] [--json FILE]`. Microseconds of processor time, which other work on
the machine changes less than the clock; the ways take turns. Finding reads the ledger each time: that is what
lets a moved label count at once in every process.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import headrace
from headrace.infer.prompts.render import render

PROMPT = """\
---
model: extractive
variables:
  ticket: str
  limit: int?
---
## system
{% include "parts/tone.md" %}
Sort the ticket by severity.

## user
{{ ticket }}{% if limit %} (at most {{ limit }} words){% endif %}
"""
GIVEN = {"ticket": "Pump 3 hums and the weir is dry. " * 20, "limit": 9}
TURNS = 20


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000, help="calls of each way")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), calls=options.calls)
    for name, microseconds in figures.items():
        print(f"{name:<44} {microseconds:8.0f} µs of processor time")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


def measure(folder: Path, *, calls: int) -> dict[str, float]:
    """Median microseconds of processor time of one call, by what it does."""
    (folder / "prompts" / "parts").mkdir(parents=True)
    (folder / "headrace.toml").write_text("")
    (folder / "prompts" / "triage.md").write_text(PROMPT)
    (folder / "prompts" / "parts" / "tone.md").write_text("Be brief.\n")
    with headrace.open(folder) as workspace:
        workspace.prompts.label("triage", "production")
        workspace.prompts.label("triage", "staging")
        prompts = workspace.prompts
        prompt = prompts.resolve("triage").prompt
        ways: dict[str, Callable[[], Any]] = {
            "find what serves": lambda: prompts.resolve("triage"),
            "find another label": lambda: prompts.resolve("triage@staging"),
            "make the messages": lambda: render(prompt, GIVEN),
            "find, check, make the messages": lambda: render(prompts.resolve("triage").prompt, GIVEN),
        }
        return turns(ways, calls=calls)


def turns(ways: dict[str, Callable[[], Any]], *, calls: int) -> dict[str, float]:
    """Median microseconds of processor time of each way over its turns."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    each = max(1, calls // TURNS)
    for way in ways.values():
        way()
    for _ in range(TURNS):
        for name, way in ways.items():
            start = time.process_time()
            for _ in range(each):
                way()
            taken[name].append((time.process_time() - start) / each * 1e6)
    return {name: statistics.median(values) for name, values in taken.items()}


if __name__ == "__main__":
    main()
