"""P2: a label move that is killed at any step is done or not begun, label, release and pointer together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headrace.flows.prompts import labels  # noqa: F401 - it declares failpoints
from headrace.ledger import refs
from headrace.ledger.failpoints import NAMES
from tests.processes import run_python
from tests.prompt_files import change, prompt_workspace
from tests.workbench import Workbench, was_killed

FAILPOINTS = ["prompt.before_move", "prompt.in_move", "prompt.in_release", "prompt.after_move"]
_OPERATION = """\
import sys, headrace
with headrace.open(sys.argv[1]) as workspace:
    eval(sys.argv[2], {"prompts": workspace.prompts})
"""
_LABEL = 'prompts.label("triage", "production")'
_ROLLBACK = 'prompts.rollback("triage")'
_RELEASE = "prompts.release()"


def test_every_failpoint_is_killed_below() -> None:
    assert set(FAILPOINTS) == {name for name in NAMES if name.startswith("prompt.")}


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_move_that_was_killed_is_done_or_not_begun(tmp_path: Path, failpoint: str) -> None:
    _move(prompt_workspace(tmp_path), _LABEL, failpoint)


def test_so_is_a_move_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    _move(prompt_workspace(tmp_path, ledger=postgres_url), _LABEL, "prompt.in_release")


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("operation", [_LABEL, _ROLLBACK, _RELEASE])
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_full_matrix_of_moves(
    tmp_path: Path, request: pytest.FixtureRequest, failpoint: str, operation: str, engine: str
) -> None:
    ledger = request.getfixturevalue("postgres_url") if engine == "postgresql" else None
    _move(prompt_workspace(tmp_path, ledger=ledger), operation, failpoint)


def _move(bench: Workbench, operation: str, failpoint: str) -> None:
    """Kill a move: it took place only if that came after it; called again, it does what it should."""
    before: str | None = None
    if operation != _RELEASE:
        before = _here(bench, _RELEASE)
        change(bench.root, "prompts/triage.md", "Sort the ticket", "Sort it")
    if operation == _ROLLBACK:
        before = _here(bench, _LABEL)
    killed = _killed(bench, operation, failpoint)
    assert (killed == before) == (failpoint != "prompt.after_move")
    if killed == before:
        assert _here(bench, operation) != before


def _killed(bench: Workbench, operation: str, failpoint: str) -> str | None:
    """Kill an operation and give the version that serves."""
    done = run_python(_OPERATION, str(bench.root), operation, failpoints=failpoint)
    assert was_killed(done), done.stderr
    return _serves(bench)


def _here(bench: Workbench, operation: str) -> str | None:
    with bench.open() as workspace:
        eval(operation, {"prompts": workspace.prompts})
    return _serves(bench)


def _serves(bench: Workbench) -> str | None:
    """The version that calls take; the label and the pointer must agree on it."""
    with bench.open() as workspace, workspace.ledger.read() as conn:
        label = refs.read(conn, "prompt/triage/production")
        release = workspace.releases.current(conn)
        if release is None:
            assert label is None
            return None
        assert label is not None
        assert release.prompts["triage"] == label.artifact
        assert workspace.prompts.resolve("triage").version.digest == label.artifact
        return label.artifact
