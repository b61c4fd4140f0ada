"""A workspace with suites over functions, whose answers a test decides."""

from __future__ import annotations

from pathlib import Path

from tests.workbench import Workbench

CONFIG = """
[evals]
python = true

[evals.echo]
target = "evals/targets.py:echo"
scorers = ["exact", "numeric"]

[evals.moody]
target = "evals/targets.py:moody"
scorers = ["exact"]
golden = "moody"
max_repeats = 6

[evals.moody.gates.exact]
margin = 0.2

[evals.slow]
target = "evals/targets.py:slow"
scorers = ["exact"]
golden = "slow"
concurrency = 1

[evals.priced]
target = "evals/targets.py:priced"
scorers = ["exact"]
golden = "priced"
concurrency = 1
budget = { tokens = 50 }

[evals.floor]
target = "evals/targets.py:echo"
scorers = ["exact"]
golden = "floor"

[evals.floor.gates.exact]
at_least = 0.9
"""
TARGETS = '''
import json, os, pathlib, threading
from headrace.curate.evals.base import Reply
from headrace.errors import RetryableError

FOLDER = pathlib.Path(__file__).parent
IN_TURN = threading.Lock()


def asked(name):
    with (FOLDER / "asked.txt").open("a") as file:
        file.write(name + "\\n")


def answers():
    return json.loads((FOLDER / "answers.json").read_text())


def echo(inputs):
    asked(inputs["question"])
    if inputs["question"].startswith("broken"):
        raise RetryableError("The upstream is down.")
    return answers().get(inputs["question"], inputs["question"])


def moody(inputs):
    """Says the words in turn: `good|good|bad`."""
    with IN_TURN:
        asked(inputs["question"])
        said = (FOLDER / "asked.txt").read_text().split("\\n").count(inputs["question"])
    words = inputs["words"].split("|")
    return words[(said - 1) % len(words)]


def slow(inputs):
    asked(inputs["question"])
    return inputs["question"]


def priced(inputs):
    asked(inputs["question"])
    return Reply(output=inputs["question"], tokens=20, cost_micro=1000, currency="EUR")
'''


def suites(root: Path, *, ledger: str | None = None) -> Workbench:
    """Make the workspace."""
    bench = Workbench(root)
    bench.configure(extra=CONFIG, ledger=ledger)
    (root / "evals").mkdir()
    (root / "evals" / "targets.py").write_text(TARGETS)
    (root / "evals" / "answers.json").write_text("{}")
    (root / "evals" / "asked.txt").write_text("")
    return bench


def asked(bench: Workbench) -> list[str]:
    """What targets were asked so far, in order; and forget it."""
    file = bench.root / "evals" / "asked.txt"
    found = file.read_text().split()
    file.write_text("")
    return found
