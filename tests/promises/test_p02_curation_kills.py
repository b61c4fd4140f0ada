"""P2: a run of curation that was killed is finished by the next one; a decision that was confirmed stays."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from headrace.curate.coverage import running as _coverage  # noqa: F401 - it declares the failpoints
from headrace.curate.curation import deciding as _deciding  # noqa: F401
from headrace.curate.curation import running as _running  # noqa: F401
from headrace.ledger.failpoints import NAMES
from headrace.workspace import Workspace
from tests.curate.killed import KEPT, curate, told
from tests.curate.traffic import DAY, asked, send
from tests.workbench import Workbench

FAILPOINTS = sorted(name for name in NAMES if name.startswith(("curate.", "coverage.")))


@pytest.fixture(scope="module")
def asked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with traffic, to be copied."""
    root = tmp_path_factory.mktemp("asked")
    _prepare(Workbench(root))
    return root


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_kill_and_run_again(asked_once: Path, tmp_path: Path, failpoint: str) -> None:
    shutil.copytree(asked_once, tmp_path / "copy")
    _kill_and_run_again(tmp_path / "copy", failpoint)


def test_so_it_is_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    _prepare(Workbench(tmp_path), ledger=postgres_url)
    _kill_and_run_again(tmp_path, "curate.in_batch_transaction", ledger=postgres_url)


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("failpoint", [*FAILPOINTS, "ledger.before_commit", "ledger.after_commit"])
def test_full_matrix(tmp_path: Path, postgres_url: str, failpoint: str) -> None:
    _prepare(Workbench(tmp_path), ledger=postgres_url)
    _kill_and_run_again(tmp_path, failpoint, ledger=postgres_url)


def _prepare(bench: Workbench, *, ledger: str | None = None) -> None:
    _configure(bench, ledger=ledger)
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


def _configure(bench: Workbench, *, ledger: str | None) -> None:
    bench.configure(ledger=ledger, extra='[curate]\nperiod = "1d"\nwindow = "3d"\nsample = 2\n')


def _kill_and_run_again(root: Path, failpoint: str, *, ledger: str | None = None) -> None:
    bench = Workbench(root)
    _configure(bench, ledger=ledger)
    assert curate(root, failpoints=failpoint) == -signal.SIGKILL
    confirmed = told(root)
    if failpoint == "curate.handed_over":
        assert len((root / KEPT).read_text().split()) == 1
        assert curate(root, decides=False) == 0
        kept = (root / KEPT).read_text().split()
        assert len(kept) == 2  # handed over again, under the same key
        assert len(set(kept)) == 1
        with bench.open() as workspace:
            (item,) = workspace.curation.list(states=["accepted"]).items
            assert (item.delivered, item.result) == (True, f"kept_{kept[0]}")
    with bench.open() as workspace:
        before = _state(workspace)
        if confirmed:  # what was confirmed is there
            assert len(before) >= 4
        for word, name in confirmed:
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


def _state(workspace: Workspace) -> dict[str, tuple[str, str, int]]:
    states = ("new", "skipped", "accepted", "edited", "rejected", "merged")
    items = workspace.curation.list(states=states, limit=1000).items
    return {item.id: (item.state, item.rule, item.traces) for item in items}
