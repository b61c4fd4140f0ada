"""P2: what is killed while it makes, judges or moves a release is done or not begun; a turn goes on."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from pathlib import Path
from typing import NamedTuple

import pytest

import headrace
from headrace.flows.loop import turn  # noqa: F401 - it declares failpoints
from headrace.flows.releases import checking, creating, moving  # noqa: F401 - and so do these
from headrace.ledger import generations, refs, release_evidence
from headrace.ledger.failpoints import NAMES
from tests.flows.releases.bundles import bundle_workspace, copied
from tests.workbench import Workbench

STEPS = {
    "create": ["release.before_create", "release.in_create", "release.after_create"],
    "check": ["release.before_evidence", "release.after_evidence"],
    "promote": ["release.before_promote", "release.in_promote", "release.after_promote"],
    "rollback": ["release.before_rollback", "release.in_rollback", "release.after_rollback"],
}
TURN = ["loop.begun", "loop.before_step", "loop.after_step", "loop.before_end"]
CASES = [(operation, failpoint) for operation, points in STEPS.items() for failpoint in points]
_OPERATIONS = {
    "create": "release.create(generations=['docs/2'])",
    "check": "release.check()",
    "promote": "release.promote(release.list().releases[0].release, force=True, reason='test')",
    "rollback": "release.rollback()",
}
_SERVER = multiprocessing.get_context("forkserver")
"""Loads the program once for all processes that are to be killed."""
_SERVER.set_forkserver_preload([__name__, "headrace.workspace", "headrace.wiring_releases", "lance"])


class _Seen(NamedTuple):
    serves: str
    moves: int
    decided: int
    made: int
    evidence: int
    live: tuple[str, ...]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two generations, and two releases of which the first serves."""
    bench = bundle_workspace(tmp_path_factory.mktemp("killed"))
    with bench.open() as workspace:
        workspace.index.build(fresh=True)
        workspace.release.promote(
            workspace.release.create(note="first").release.release, force=True, reason="first"
        )
    return bench.root


def _prepared(bench: Workbench, operation: str) -> None:
    """What an operation needs before it: for a move another release, which serves before a rollback."""
    if operation in ("promote", "rollback"):
        with bench.open() as workspace:
            made = workspace.release.create(generations=["docs/2"]).release.release
            if operation == "rollback":
                workspace.release.promote(made, force=True, reason="second")


def test_every_failpoint_is_killed_below() -> None:
    declared = {name for name in NAMES if name.startswith(("release.", "loop."))}
    assert {point for points in STEPS.values() for point in points} | set(TURN) == declared


@pytest.mark.parametrize(("operation", "failpoint"), CASES)
def test_what_was_killed_is_done_or_not_begun(
    tmp_path: Path, template: Path, operation: str, failpoint: str
) -> None:
    _kill(copied(template, tmp_path / "product"), operation, failpoint)


def test_so_it_is_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    bench = bundle_workspace(tmp_path, ledger=postgres_url)
    with bench.open() as workspace:
        workspace.index.build(fresh=True)
        workspace.release.promote(workspace.release.create().release.release, force=True, reason="first")
    _kill(bench, "promote", "release.in_promote")


def _kill(bench: Workbench, operation: str, failpoint: str) -> None:
    _prepared(bench, operation)
    before = _seen(bench)
    _killed(bench, _OPERATIONS[operation], failpoint)
    killed = _seen(bench)
    assert (killed == before) == (not failpoint.startswith("release.after_"))
    if killed == before:
        with bench.open() as workspace:
            eval(_OPERATIONS[operation], {"release": workspace.release})
        assert _seen(bench) != before


def _killed(bench: Workbench, operation: str, failpoint: str) -> None:
    process = _SERVER.Process(target=_operate, args=(str(bench.root), operation, failpoint))
    process.start()
    process.join(timeout=120)
    assert process.exitcode == -signal.SIGKILL


def _operate(root: str, operation: str, failpoint: str) -> None:
    """In a process of its own: open the workspace and do it, with a failpoint armed."""
    os.environ["HEADRACE_FAILPOINTS"] = failpoint
    with headrace.open(root) as workspace:
        eval(operation, {"release": workspace.release, "loop": workspace.loop})


def _seen(bench: Workbench) -> _Seen:
    """What is on record; pointer, label, state of the index and the reason for a move must agree."""
    with bench.open() as workspace, workspace.ledger.read() as conn:
        row = refs.read(conn, workspace.releases.ref)
        release = workspace.releases.current(conn)
        assert row is not None
        assert release is not None
        label = refs.read(conn, "prompt/sort/production")
        assert label is not None
        assert release.prompts["sort"] == label.artifact
        live = tuple(item.id for item in generations.list(conn) if item.state == "live")
        assert live == (release.corpora["docs"]["generation"],)
        decided = release_evidence.moves_of(conn, "production")
        assert row.seq in decided
        assert decided[row.seq].release == row.artifact
        found = release_evidence.of(conn, release.digest)
        return _Seen(
            row.artifact, row.seq, len(decided), len(release_evidence.all_made(conn)), len(found), live
        )


@pytest.mark.parametrize("failpoint", ["loop.begun", "loop.after_step:5"])
def test_a_turn_that_was_killed_goes_on(tmp_path: Path, template: Path, failpoint: str) -> None:
    _turn(copied(template, tmp_path / "product"), failpoint)


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize(
    "failpoint",
    [
        *(f"loop.before_step:{number}" for number in range(1, 5)),
        *(f"loop.after_step:{number}" for number in range(1, 7)),
        "loop.before_end",
    ],
)
def test_full_matrix_of_turns(tmp_path: Path, template: Path, failpoint: str) -> None:
    _turn(copied(template, tmp_path / "product"), failpoint)


def _turn(bench: Workbench, failpoint: str) -> None:
    """Kill a turn, finish it, and take another: the same is on record as of one turn that nobody killed."""
    _killed(bench, "loop.run()", failpoint.replace(":", "=kill:") if ":" in failpoint else failpoint)
    with bench.open() as workspace:
        resumed = workspace.loop.run()
        assert (resumed.turn, resumed.resumed, resumed.state) == (1, True, "done")
        again = workspace.loop.run()
        assert (again.turn, again.resumed, again.release) == (2, False, resumed.release)
        assert {step.step: step.state for step in again.steps}["check"] == "same"
        done_before = [step.step for step in resumed.steps if step.before_a_kill]
        late = ("loop.after_step:5", "loop.before_step:4", "loop.after_step:6", "loop.before_end")
        after_check = failpoint in late
        assert ("check" in done_before) == after_check
        with workspace.ledger.read() as conn:
            evidence = release_evidence.of(conn, str(resumed.release))
        assert len(evidence) == 1, "no suite was run twice"
        moves = [step for step in workspace.release.log().steps if step.release == resumed.release]
        assert len(moves) == 1, json.dumps([step.reason for step in moves])
