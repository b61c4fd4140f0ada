"""P2: what was staged or committed survives a kill at any step, and no file lies around."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from headrace.curate.datasets import commit, eraser, exporting, files, staging  # noqa: F401 - they declare failpoints
from headrace.ledger import datasets as book
from headrace.ledger.failpoints import NAMES
from headrace.records.datasets import RowInput
from headrace.workspace import Workspace
from tests.processes import run_python
from tests.workbench import Workbench, was_killed

STAGING = ["dataset.in_stage_transaction"]
COMMITTING = [
    "dataset.in_commit_transaction",
    "dataset.committed",
    "dataset.files_named",
    "dataset.files_written",
]
BOTH = ["dataset.files_swept"]
ELSEWHERE = ["dataset.in_erase_transaction", "dataset.export_written"]
"""Killed in test_p05_datasets_forget.py, and below in the export."""
_DO = """\
import sys, headrace
from headrace.records.datasets import RowInput
with headrace.open(sys.argv[1]) as workspace:
    if sys.argv[2] == "add":
        rows = [RowInput(key="k2", fields={"n": 2}), RowInput(key="k1", fields={"n": 9})]
        workspace.datasets.add("a", rows)
    elif sys.argv[2] == "commit":
        workspace.datasets.commit("a", message="second")
    else:
        workspace.datasets.export("a", sys.argv[3], format="rows", purpose="eval")
"""


def _long(failpoint: str) -> Any:
    return pytest.param(failpoint, marks=pytest.mark.soak)


def test_every_failpoint_is_killed() -> None:
    known = {name for name in NAMES if name.startswith("dataset.")}
    assert known == {*STAGING, *COMMITTING, *BOTH, *ELSEWHERE}


@pytest.mark.parametrize(
    "failpoint", [*STAGING, *map(_long, [*BOTH, "dataset.files_named", "dataset.files_written"])]
)
def test_what_is_staged_is_there_or_not(tmp_path: Path, failpoint: str) -> None:
    bench = _begun(tmp_path)
    killed = _run(tmp_path, "add", failpoint)
    assert was_killed(killed), killed.stderr
    with bench.open() as workspace:
        assert workspace.datasets.list().datasets[0].staged == 0
    assert _run(tmp_path, "add").returncode == 0
    _finish(bench)


@pytest.mark.parametrize(
    "failpoint",
    [COMMITTING[0], *map(_long, [*COMMITTING[1:], *BOTH, "dataset.files_swept:2", "ledger.after_commit:3"])],
)
def test_a_version_is_there_or_everything_is_staged(tmp_path: Path, failpoint: str) -> None:
    _kill_commit(tmp_path, failpoint, None)


@pytest.mark.soak
def test_so_it_is_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    _kill_commit(tmp_path, "dataset.in_commit_transaction", postgres_url)


@pytest.mark.soak
def test_an_export_is_whole_or_not_there(tmp_path: Path) -> None:
    bench = _begun(tmp_path)
    killed = _run(tmp_path, "export", "dataset.export_written", str(tmp_path / "out"))
    assert was_killed(killed), killed.stderr
    assert (tmp_path / "out" / "manifest.json").is_file(), "renamed when it was whole"
    assert _run(tmp_path, "export", "", str(tmp_path / "again")).returncode == 0
    with bench.open() as workspace:
        assert len(workspace.datasets.where("k1").found[0].exports) == 1


def _kill_commit(root: Path, failpoint: str, ledger: str | None) -> None:
    bench = _begun(root, ledger)
    assert _run(root, "add").returncode == 0
    killed = _run(root, "commit", failpoint)
    assert was_killed(killed), killed.stderr
    with bench.open() as workspace:
        report = workspace.datasets.list().datasets[0]
        assert (report.rows, report.staged) in ((1, 2), (2, 0))
        if report.staged:
            assert workspace.datasets.show("a").sample[0].fields == {"n": 1}
    _finish(bench)


def _begun(root: Path, ledger: str | None = None) -> Workbench:
    bench = Workbench(root)
    bench.configure(ledger=ledger)
    with bench.open() as workspace:
        workspace.datasets.create("a")
        workspace.datasets.add("a", [RowInput(key="k1", fields={"n": 1})])
        workspace.datasets.commit("a", message="first")
    return bench


def _finish(bench: Workbench) -> None:
    with bench.open() as workspace:
        workspace.datasets.commit("a", message="again")
        fields = {row.key: row.fields for row in workspace.datasets.show("a").sample}
        assert fields == {"k1": {"n": 9}, "k2": {"n": 2}}
        assert workspace.datasets.diff("a", "1").changed == 1
        _nothing_lies_around(workspace)


def _nothing_lies_around(workspace: Workspace) -> None:
    parts = workspace.datasets.parts
    parts.files.sweep()
    with parts.ledger.read() as conn:
        live = {file.blob for file in book.files(conn, "live")}
        assert not book.files(conn, "pending", "gone")
    assert set(parts.files.blobs.names()) == live


def _run(root: Path, what: str, failpoint: str = "", *more: str) -> subprocess.CompletedProcess[str]:
    return run_python(_DO, str(root), what, *more, failpoints=failpoint)
