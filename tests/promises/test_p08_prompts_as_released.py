"""P8: after a label move returns, no process starts a call with the old version; skew is said."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.prompt_files import change, prompt_workspace
from tests.workbench import Workbench

_CALLER = """\
import sys, time, headrace
with headrace.open(sys.argv[1]) as workspace:
    workspace.prompts.resolve("triage")
    print("ready", flush=True)
    until = time.monotonic() + float(sys.argv[2])
    seen = []
    while time.monotonic() < until:
        started = time.monotonic_ns()
        found = workspace.prompts.resolve("triage")
        seen.append((started, found.version.digest, found.epoch))
for row in seen:
    print(*row)
"""


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_no_call_of_another_process_starts_with_the_old_version(
    tmp_path: Path, request: pytest.FixtureRequest, engine: str
) -> None:
    ledger = request.getfixturevalue("postgres_url") if engine == "postgresql" else None
    bench = prompt_workspace(tmp_path, ledger=ledger)
    moves: list[tuple[int, str]] = []
    with bench.open() as workspace:
        workspace.prompts.label("triage", "production")
        callers = [_caller(bench, seconds=0.8) for _ in range(2 if engine == "sqlite" else 1)]
        for number in range(5):
            change(tmp_path, "prompts/triage.md", "Sort the ticket", f"Sort the ticket {number}")
            digest = workspace.prompts.label("triage", "production").digest
            moves.append((time.monotonic_ns(), digest))
            time.sleep(0.05)
        digest = workspace.prompts.rollback("triage").digest
        moves.append((time.monotonic_ns(), digest))
    met = set()
    for caller in callers:
        printed, _ = caller.communicate(timeout=60)
        assert caller.returncode == 0
        rows = [line.split() for line in printed.splitlines()]
        assert len(rows) > 100
        epochs = [int(row[2]) for row in rows]
        assert epochs == sorted(epochs)
        for started, digest, epoch in rows:
            returned = [move for move in moves if move[0] < int(started)]
            # A move that is under way may count already; one that returned must.
            assert int(epoch) > len(returned)
            if int(epoch) == 1 + len(returned) and returned:
                assert digest == returned[-1][1]
            met.add(digest)
    assert len(met & {digest for _, digest in moves}) >= 3, "the callers saw the moves while they happened"


def _caller(bench: Workbench, *, seconds: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _CALLER, str(bench.root), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_what_was_never_released_together_is_said(tmp_path: Path) -> None:
    bench = prompt_workspace(tmp_path)
    with bench.open() as workspace:
        workspace.prompts.label("triage", "production")
        change(tmp_path, "schemas/ticket.json", '"version": 2', '"version": 3')
        staged = workspace.prompts.label("triage", "staging").digest
        assert workspace.prompts.resolve("triage").skew == ()
        (reason,) = workspace.prompts.resolve("triage@staging").skew
        assert staged in reason
        workspace.prompts.label("triage", "production", "staging")
        assert workspace.prompts.resolve("triage@staging").skew == ()
