"""P2: a run of curation that was killed is finished by the next one; a decision that was confirmed stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.curate.coverage import running as _coverage  # noqa: F401 - it declares the failpoints
from headrace.curate.curation import deciding as _deciding  # noqa: F401
from headrace.curate.curation import running as _running  # noqa: F401
from headrace.ledger.failpoints import NAMES
from headrace.workspace import Workspace
from tests.curate.traffic import DAY, asked, send
from tests.workbench import Workbench, was_killed

FAILPOINTS = sorted(name for name in NAMES if name.startswith(("curate.", "coverage.")))
_PROGRAM = """\
import json, sys
from pathlib import Path
import headrace
from headrace.curate.curation.deciding import Decision, decide
from headrace.curate.curation.running import run
from headrace.wiring_curation import curation_parts

class Sink:
    def add(self, drafts):
        with open(sys.argv[2], "a") as file:
            for draft in drafts:
                file.write(draft.key + "\\n")
        return [f"kept_{draft.key}" for draft in drafts]

with headrace.open(sys.argv[1]) as workspace:
    parts = curation_parts(workspace, cases=Sink())
    print("ran", run(parts).items, flush=True)
    waiting = workspace.curation.list(rule="unanswered").items
    if waiting and sys.argv[3]:
        decide(parts, [waiting[0].id], Decision(verdict="accept"))
        print("accepted", waiting[0].id, flush=True)
    if sys.argv[4]:
        print("measured", workspace.coverage.measure().run, flush=True)
"""


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_kill_and_run_again(tmp_path: Path, failpoint: str) -> None:
    _kill_and_run_again(tmp_path, failpoint)


def test_so_it_is_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    _kill_and_run_again(tmp_path, "curate.in_batch_transaction", ledger=postgres_url)


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("failpoint", [*FAILPOINTS, "ledger.before_commit", "ledger.after_commit"])
def test_full_matrix(tmp_path: Path, postgres_url: str, failpoint: str) -> None:
    _kill_and_run_again(tmp_path, failpoint, ledger=postgres_url)


def _kill_and_run_again(root: Path, failpoint: str, *, ledger: str | None = None) -> None:
    bench = Workbench(root)
    bench.configure(ledger=ledger, extra='[curate]\nperiod = "1d"\nwindow = "3d"\nsample = 2\n')
    questions = (
        "Where do herons nest?",
        "Who owns the mill?",
        "What is the fee of the rods?",
        "When is it open?",
    )
    with bench.open() as workspace:
        send(
            workspace,
            *(asked(text, "", grounded=False, ago_ns=n * DAY // 2 + DAY) for n, text in enumerate(questions)),
        )
    killed = _go(bench, failpoints=failpoint)
    assert was_killed(killed), killed.stderr
    told = [line.split() for line in killed.stdout.splitlines()]
    with bench.open() as workspace:
        before = _state(workspace)
        if told:  # what was confirmed is there
            assert len(before) >= 4
        for word, name in told:
            if word == "accepted":
                assert before[name][0] == "accepted"
        workspace.curation.run()
        after = _state(workspace)
        assert sum(rule == "unanswered" for _, rule, _ in after.values()) == 4
        assert any(rule == "sample" for _, rule, _ in after.values())
        assert workspace.curation.run().items == 0
        assert _state(workspace) == after
        if failpoint.startswith("coverage."):
            assert workspace.coverage.measure().new is None  # nothing of the killed one is there
    kept = (root / "kept.txt").read_text().split() if (root / "kept.txt").exists() else []
    if failpoint == "curate.handed_over":
        assert len(kept) == 1
        assert _go(bench, decides=False).returncode == 0
        kept = (root / "kept.txt").read_text().split()
        assert len(kept) == 2  # handed over again, under the same key
        assert len(set(kept)) == 1
        with bench.open() as workspace:
            (item,) = workspace.curation.list(states=["accepted"]).items
            assert (item.delivered, item.result) == (True, f"kept_{kept[0]}")


def _state(workspace: Workspace) -> dict[str, tuple[str, str, int]]:
    states = ("new", "skipped", "accepted", "edited", "rejected", "merged")
    items = workspace.curation.list(states=states, limit=1000).items
    return {item.id: (item.state, item.rule, item.traces) for item in items}


def _go(bench: Workbench, *, failpoints: str = "", decides: bool = True) -> subprocess.CompletedProcess[str]:
    measures = "yes" if failpoints.startswith("coverage.") else ""
    arguments = [str(bench.root), str(bench.root / "kept.txt"), "yes" if decides else "", measures]
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments],
        env={**os.environ, "HEADRACE_FAILPOINTS": failpoints},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
