"""P2: a build, a cutover and a rollback that are killed at any step go on when they are called again."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from headrace.flows.index import build, optimize, prune, switch, verify  # noqa: F401 - they declare failpoints
from headrace.ingest.sync import run as _run  # noqa: F401
from headrace.ledger.failpoints import NAMES
from tests.flows.test_index_care import change_index, twice
from tests.processes import run_python
from tests.workbench import Workbench, rows, was_killed

INDEX_FAILPOINTS = sorted(name for name in NAMES if name.startswith("index."))
BUILD = ["index.build_created", "index.build_slice", "index.build_settling", "index.build_validating"]
BUILD += ["sync.table_created", "sync.after_index_commit", "sync.in_ledger_transaction"]
SWITCH = ["before", "in", "after"]
CARE = {
    "index.optimize_written": "index.optimize()",
    "index.optimize_published": "index.optimize()",
    "index.prune_marked": "index.prune()",
    "index.prune_removed": "index.prune()",
    "index.repair_dropped": "index.verify(repair=True)",
    "index.repair_written": "index.verify(repair=True)",
}

_OPERATION = """\
import sys, headrace
from headrace.ingest.sync import backfill
backfill._FIRST = backfill._MOST = 5
with headrace.open(sys.argv[1]) as workspace:
    eval(sys.argv[2], {"index": workspace.index})
"""
_BUILD = 'index.build(recipe={"chunk_tokens": "16", "chunk_overlap": "0"})'
_CUTOVER = 'index.cutover("docs/2", force=True, reason="a test")'
_ROLLBACK = "index.rollback()"


def test_every_step_has_a_failpoint_and_every_failpoint_is_killed_below() -> None:
    switches = {f"index.{step}_{name}" for step in SWITCH for name in ("cutover", "rollback")}
    assert {*BUILD, *switches, *CARE, "index.before_beside"} >= set(INDEX_FAILPOINTS)


@pytest.mark.parametrize("failpoint", BUILD)
def test_a_build_that_was_killed_goes_on(tmp_path: Path, failpoint: str) -> None:
    _killed_build(_bench(tmp_path), failpoint)


def test_a_build_that_was_killed_goes_on_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    _killed_build(_bench(tmp_path, ledger=postgres_url), "index.build_slice")


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("failpoint", BUILD)
def test_full_matrix_of_builds(
    tmp_path: Path, request: pytest.FixtureRequest, failpoint: str, nth: int, engine: str
) -> None:
    ledger = request.getfixturevalue("postgres_url") if engine == "postgresql" else None
    _killed_build(_bench(tmp_path, ledger=ledger), f"{failpoint}=kill:{nth}")


@pytest.mark.parametrize("step", SWITCH)
@pytest.mark.parametrize("name", ["cutover", "rollback"])
def test_a_switch_that_was_killed_is_done_or_not_begun(tmp_path: Path, name: str, step: str) -> None:
    bench = _bench(tmp_path)
    _run_here(bench, _BUILD)
    if name == "rollback":
        _run_here(bench, _CUTOVER)
    before = _states(bench)
    killed = _in_process(bench, _CUTOVER if name == "cutover" else _ROLLBACK, f"index.{step}_{name}")
    assert was_killed(killed), killed.stderr
    done = ["retired", "live"] if name == "cutover" else ["live", "retired"]
    assert _states(bench) == (done if step == "after" else before)
    if step != "after":
        _run_here(bench, _CUTOVER if name == "cutover" else _ROLLBACK)
        assert _states(bench) == done
    assert _served_once(bench)
    bench.write("0.md", "Changed afterwards.")
    bench.sync()
    with bench.open() as workspace:
        assert [item.coverage for item in workspace.index.list().generations] == [1.0, 1.0]


def test_a_sync_killed_before_the_other_generations_leaves_them_to_the_next(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    _run_here(bench, _BUILD)
    bench.write("0.md", "Changed.")
    assert was_killed(bench.sync_in_process(failpoints="index.before_beside"))
    with bench.open() as workspace:
        assert workspace.search("changed").hits[0].text == "Changed."
    bench.sync()
    assert _states(bench) == ["live", "validating"]
    with bench.open() as workspace:
        assert [item.coverage for item in workspace.index.list().generations] == [1.0, 1.0]


@pytest.mark.parametrize("failpoint", CARE)
def test_care_that_was_killed_is_done_by_the_next_run(tmp_path: Path, failpoint: str) -> None:
    bench = _bench(tmp_path)
    if "prune" in failpoint:
        bench.configure(chunk_tokens=16, extra='\n[index]\nkeep_retired = "0s"\n')
    bench.write("0.md", "Changed, so that there is something to merge.")
    bench.sync()
    before = _served(bench)
    if "repair" in failpoint:
        with bench.open() as workspace:
            change_index(workspace, twice)
    killed = _in_process(bench, CARE[failpoint], failpoint)
    assert was_killed(killed), killed.stderr
    if "repair" not in failpoint:
        assert _served(bench) == before
    _run_here(bench, CARE[failpoint])
    assert _served(bench) == before
    with bench.open() as workspace:
        assert workspace.index.verify().ok
        assert [item.size_bytes or 0 for item in workspace.index.list().generations if item.pruned_at_us] == (
            [0] if "prune" in failpoint else []
        )
    bench.write("1.md", "Changed afterwards.")
    assert bench.sync().documents.updated == 1


def _bench(root: Path, ledger: str | None = None) -> Workbench:
    bench = Workbench(root)
    bench.configure(ledger=ledger)
    for number in range(12):
        bench.write(f"{number}.md", f"Document {number}.\n\n" + "Herons stand at the weir. " * 12)
    bench.sync()
    return bench


def _killed_build(bench: Workbench, failpoint: str) -> None:
    before = _served(bench)
    killed = _in_process(bench, _BUILD, failpoint)
    if ":" not in failpoint:
        assert was_killed(killed), killed.stderr
    assert _served(bench) == before, "a build changes nothing of what serves"
    bench.write("0.md", "Changed while the build was dead.")
    assert bench.sync().failures == ()
    finished = _in_process(bench, _BUILD, "")
    assert finished.returncode == 0, finished.stderr
    with bench.open() as workspace:
        first, second = workspace.index.list().generations
        assert (first.state, second.state, second.coverage) == ("live", "validating", 1.0)
        workspace.index.cutover(second.generation, force=True, reason="a test")
    assert _served_once(bench)
    fresh = Workbench(bench.root.parent / f"{bench.root.name}-fresh")
    fresh.configure(chunk_tokens=16)
    for path in (bench.root / "docs").iterdir():
        fresh.write(path.name, path.read_text())
    assert fresh.sync().digest == second.digest


def _in_process(bench: Workbench, operation: str, failpoints: str) -> subprocess.CompletedProcess[str]:
    return run_python(_OPERATION, str(bench.root), operation, failpoints=failpoints)


def _run_here(bench: Workbench, operation: str) -> None:
    with bench.open() as workspace:
        eval(operation, {"index": workspace.index})


def _states(bench: Workbench) -> list[str]:
    with bench.open() as workspace:
        found = workspace.index.list().generations
    assert [item.serves for item in found] == [item.state == "live" for item in found]
    return [item.state for item in found]


def _served(bench: Workbench) -> list[tuple[str, str]]:
    with bench.open() as workspace:
        return [(row["document"], row["chunk_id"]) for row in rows(workspace)]


def _served_once(bench: Workbench) -> bool:
    found = _served(bench)
    return len({name for name, _ in found}) == 12 and max(Counter(found).values()) == 1
