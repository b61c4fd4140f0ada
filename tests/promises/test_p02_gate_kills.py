"""P2: a decision or a replay that is killed has happened or not, and goes on when it is asked again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from headrace.flows.gates import quarantine as _quarantine  # noqa: F401 - declares its failpoints
from headrace.flows.gates import replay as _replay  # noqa: F401 - declares its failpoint
from headrace.ledger.failpoints import NAMES
from tests.flows.test_quarantine import GATES, bench_with, reject, release, waiting
from tests.ingest.gates.documents import PROSE
from tests.ingest.gates.test_gating import INJECTED, SHORT, documents, gate
from tests.processes import run_python
from tests.workbench import Workbench, was_killed

OF_GATES = sorted(name for name in NAMES if name.startswith("gate."))
STEPS = [
    "gate.in_decision",
    "gate.after_decision",
    "sync.before_index_commit",
    "sync.after_index_commit",
    "sync.in_ledger_transaction",
    "sync.after_publish",
]
_OPERATION = (
    "import sys, headrace\nwith headrace.open(sys.argv[1]) as w: eval(sys.argv[2], {'gates': w.gates})"
)
_RELEASE = "gates.quarantine.release(['docs/short.md'], reason='a test')"
_REJECT = "gates.quarantine.reject(['docs/short.md'], reason='a test')"
_APPLY = "gates.replay(apply=True)"


def run(bench: Workbench, operation: str, failpoints: str = "") -> subprocess.CompletedProcess[str]:
    return run_python(_OPERATION, str(bench.root), operation, failpoints=failpoints)


def killed_release(bench: Workbench, failpoint: str) -> None:
    """Killed, then done by the next sync or asked again."""
    before = bench.rows()
    done = run(bench, _RELEASE, failpoint)
    assert was_killed(done), done.stderr
    assert [row for row in bench.rows() if row["document"] != "docs/short.md"] == before
    if failpoint == "gate.in_decision":
        assert waiting(bench) == {"short.md": "length", "bad.md": "prompt_injection"}
        release(bench, "short.md")
    else:
        bench.sync()
    assert documents(bench) == {"good.md", "short.md"}


def killed_rejection(bench: Workbench, failpoint: str) -> None:
    """The same for taking out what was let in."""
    done = run(bench, _REJECT, failpoint)
    assert was_killed(done), done.stderr
    if failpoint == "gate.in_decision":
        assert waiting(bench, "released") == {"short.md": "length"}
        reject(bench, "short.md")
    else:
        bench.sync()
    assert documents(bench) == {"good.md"}
    assert waiting(bench, "rejected") == {"short.md": "length"}


def small(root: Path, ledger: str | None = None) -> Workbench:
    bench = Workbench(root)
    bench.configure(extra=GATES, ledger=ledger)
    for name, text in (("good", PROSE), ("short", SHORT), ("bad", INJECTED)):
        bench.write(f"{name}.md", text)
    bench.sync()
    return bench


def test_every_step_has_a_failpoint_that_is_killed_below() -> None:
    assert {*STEPS, "gate.before_applying"} >= set(OF_GATES)


def test_decisions_that_were_killed(tmp_path: Path) -> None:
    bench = small(tmp_path)
    killed_release(bench, "gate.in_decision")
    killed_rejection(bench, "gate.after_decision")


def test_a_decision_that_was_killed_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    killed_release(small(tmp_path, postgres_url), "sync.in_ledger_transaction")


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("failpoint", STEPS)
def test_full_matrix_of_decisions(
    tmp_path: Path, request: pytest.FixtureRequest, failpoint: str, engine: str
) -> None:
    ledger = request.getfixturevalue("postgres_url") if engine == "postgresql" else None
    bench = small(tmp_path, ledger)
    killed_release(bench, failpoint)
    killed_rejection(bench, failpoint)


def test_a_replay_that_was_killed(tmp_path: Path) -> None:
    killed_replay(tmp_path, "gate.before_applying")


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("failpoint", [*STEPS[2:], "sync.before_cutover", "sync.table_created"])
def test_full_matrix_of_replays(tmp_path: Path, failpoint: str) -> None:
    killed_replay(tmp_path, failpoint)


def killed_replay(tmp_path: Path, failpoint: str) -> None:
    """Killed, it moved nothing that readers see; told and asked again, it moves what it said."""
    bench = bench_with(tmp_path, good=PROSE, short=SHORT)
    bench.configure(extra=gate("length", minimum_characters=5))
    done = run(bench, _APPLY, failpoint)
    assert was_killed(done), done.stderr
    assert documents(bench) == {"good.md"}
    with bench.open() as workspace:
        (told,) = workspace.gates.replay().corpora
        assert [(move.document, move.move, move.gate) for move in told.moves] == [
            ("docs/short.md", "enters", "length")
        ]
        (applied,) = workspace.gates.replay(apply=True).corpora
        assert [move.document for move in applied.moves] == ["docs/short.md"]
    assert documents(bench) == {"good.md", "short.md"}
