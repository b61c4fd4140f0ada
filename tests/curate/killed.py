"""A run of curation in a process of its own, which a failpoint may kill."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import headrace
from headrace.curate.curation.deciding import Decision, decide
from headrace.curate.curation.running import run
from headrace.records.golden import CaseInput
from headrace.wiring_curation import curation_parts

KEPT = "kept.txt"
"""Where accepted cases go: a key on each line."""
TOLD = "told.txt"
"""What was confirmed: a word and a name on each line."""


_EAGER = (
    "headrace.ledger.ledger",
    "headrace.ledger.events.opening",
    "headrace.ledger.erasure.keyring",
    "headrace.observe.signals.operations",
    "headrace.privacy.build",
    "headrace.flows.curation.listing",
    "headrace.ship.releases",
)
"""What a run imports when it needs it."""


class Kept:
    """A golden set that is a file."""

    def __init__(self, root: Path) -> None:
        self._file = root / KEPT

    def add(self, golden: str, cases: Sequence[CaseInput]) -> Sequence[str]:
        """Append their keys."""
        with self._file.open("a") as file:
            file.writelines(f"{case.key}\n" for case in cases)
        return [f"kept_{case.key}" for case in cases]


def curate(root: Path, *, failpoints: str = "", decides: bool = True) -> int:
    """Run, accept a case, and measure coverage if its failpoint is armed; gives the exit code.

    The server of processes imports everything once, so that a run costs what it costs and no more.
    """
    (root / TOLD).write_text("")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.curate.killed", *_EAGER])
    process = context.Process(target=_curate, args=(root, failpoints, decides))
    process.start()
    process.join(timeout=120)
    assert process.exitcode is not None
    return process.exitcode


def told(root: Path) -> list[tuple[str, str]]:
    """What was confirmed before the end."""
    return [(word, name) for word, name in (line.split() for line in (root / TOLD).read_text().splitlines())]


def _curate(root: Path, failpoints: str, decides: bool) -> None:
    os.environ["HEADRACE_FAILPOINTS"] = failpoints

    def confirm(word: str, name: object) -> None:
        with (root / TOLD).open("a") as file:
            file.write(f"{word} {name}\n")

    with headrace.open(root) as workspace:
        parts = replace(curation_parts(workspace), cases=Kept(root))
        confirm("ran", run(parts).items)
        waiting = workspace.curation.list(rule="unanswered").items
        if waiting and decides:
            decide(parts, [waiting[0].id], Decision(verdict="accept"))
            confirm("accepted", waiting[0].id)
        if failpoints.startswith("coverage."):
            confirm("measured", workspace.coverage.measure().run)
