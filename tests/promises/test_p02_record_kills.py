"""P2: a record that was acknowledged survives SIGKILL at every step, and no call leaves two."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from headrace.infer.records import keeper, rewriting  # noqa: F401 - they declare failpoints
from headrace.infer.records.keeper import record_id
from headrace.infer.schemas.file import load_schema
from headrace.ledger.failpoints import NAMES
from tests.infer.records.envelopes import GOAL, GOALS, MIGRATION, envelope
from tests.processes import run_python
from tests.workbench import Workbench, was_killed

KEEPING = ["record.keep_queued", "record.keep_in_transaction", "record.kept"]
REWRITING = ["record.rewrite_made", "record.rewrite_in_transaction", "record.rewrite_written"]
CALLS = 40

_KEEP = """\
import sys, headrace
from headrace.infer.schemas.file import load_schema
from tests.infer.records.envelopes import envelope
with headrace.open(sys.argv[1]) as workspace:
    schema = load_schema(workspace.root / "schemas", "goal")
    waiting = []
    for number in range(int(sys.argv[2])):
        value = {"goal": str(number)}
        waiting.append((number, workspace._record_keeper.keep(envelope(number, schema), value, b"{}")))
        if len(waiting) == 8:
            for number, future in waiting:
                print(number, future.result(), flush=True)
            waiting = []
"""
_REWRITE = """\
import sys, headrace
with headrace.open(sys.argv[1]) as workspace:
    print(workspace.schemas.rewrite("goal", batch=7).written)
"""


def test_every_failpoint_is_killed_below() -> None:
    assert sorted(KEEPING + REWRITING) == sorted(name for name in NAMES if name.startswith("record."))


@pytest.mark.parametrize(
    "failpoint", [f"{name}=kill:{nth}" for name, nth in zip(KEEPING, (20, 2, 2), strict=True)]
)
def test_what_was_acknowledged_is_there_once(tmp_path: Path, failpoint: str) -> None:
    _kept(_bench(tmp_path), failpoint)


def test_what_was_acknowledged_is_there_once_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    _kept(_bench(tmp_path, ledger=postgres_url), "record.keep_in_transaction=kill:2")


@pytest.mark.parametrize("failpoint", REWRITING)
def test_a_rewrite_that_was_killed_goes_on(tmp_path: Path, failpoint: str) -> None:
    _rewritten(_bench(tmp_path), f"{failpoint}=kill:2")


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("failpoint", [*KEEPING, *REWRITING, "ledger.before_commit", "ledger.after_commit"])
def test_full_matrix_of_records(
    tmp_path: Path, request: pytest.FixtureRequest, failpoint: str, nth: int, engine: str
) -> None:
    bench = _bench(tmp_path, request.getfixturevalue("postgres_url") if engine == "postgresql" else None)
    if failpoint in REWRITING:
        _rewritten(bench, f"{failpoint}=kill:{nth}")
    else:
        _kept(bench, f"{failpoint}=kill:{nth}")


def _bench(root: Path, ledger: str | None = None) -> Workbench:
    bench = Workbench(root)
    bench.configure(ledger=ledger)
    (root / "schemas").mkdir()
    (root / "schemas" / "goal.json").write_text(json.dumps(GOAL))
    return bench


def _kept(bench: Workbench, failpoint: str) -> None:
    killed = _run(bench, _KEEP, str(CALLS), failpoints=failpoint)
    assert was_killed(killed), killed.stderr
    told = dict(line.split() for line in killed.stdout.splitlines())
    with bench.open() as workspace:
        for number, record in told.items():
            assert workspace.records.get(record).value == {"goal": number}
        there = {item.id for item in workspace.records.list(limit=1000).records}
        assert there >= set(told.values())
    _keep_here(bench)
    with bench.open() as workspace:
        names = [item.id for item in workspace.records.list(limit=1000).records]
        assert sorted(names) == sorted(record_id(f"{n:032x}", f"{n:016x}") for n in range(CALLS))
        assert workspace.schemas.show("goal").versions[0].recorded


def _rewritten(bench: Workbench, failpoint: str) -> None:
    _keep_here(bench)
    folder = bench.root / "schemas"
    (folder / "goal.json").write_text(json.dumps(GOALS))
    (folder / "migrations").mkdir()
    (folder / "migrations" / "goal_1_to_2.py").write_text(MIGRATION)
    killed = _run(bench, _REWRITE, failpoints=failpoint)
    assert was_killed(killed), killed.stderr
    _whole(bench)
    batches = int(failpoint[-1]) - (0 if "written" in failpoint else 1)
    with bench.open() as workspace:
        done = workspace.schemas.rewrite("goal", batch=7).written
        assert done == CALLS - 7 * batches, "a batch was written twice, or lost"
        assert workspace.schemas.rewrite("goal").written == 0
    _whole(bench)


def _whole(bench: Workbench) -> None:
    """Every record reads, in the newest version and as it was."""
    with bench.open() as workspace:
        for number in range(CALLS):
            name = record_id(f"{number:032x}", f"{number:016x}")
            view = workspace.records.get(name)
            assert view.value == {"goals": [{"topic": str(number), "level": "new"}]}
            assert workspace.records.get(name, stored=True).value == {"goal": str(number)}


def _keep_here(bench: Workbench) -> None:
    with bench.open() as workspace:
        schema = load_schema(bench.root / "schemas", "goal")
        for number in range(CALLS):
            value = {"goal": str(number)}
            done = workspace._record_keeper.keep(envelope(number, schema), value, b"{}")
        done.result(timeout=60)


def _run(
    bench: Workbench, program: str, *arguments: str, failpoints: str = ""
) -> subprocess.CompletedProcess[str]:
    return run_python(program, str(bench.root), *arguments, failpoints=failpoints)
