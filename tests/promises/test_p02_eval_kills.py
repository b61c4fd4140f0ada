"""P2: an eval that is killed at any step loses no output it had counted, and the same command ends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.curate.evals import eraser, executing, gating, importing, running  # noqa: F401 - they declare failpoints
from headrace.curate.golden import cases, refresh  # noqa: F401 - and so do these
from headrace.ledger import eval_runs
from headrace.ledger.failpoints import NAMES
from headrace.records.golden import CaseInput
from tests.curate.evals.suites import asked, suites
from tests.processes import run_python
from tests.workbench import Workbench, was_killed

_SOAK = pytest.mark.soak
RUN = ["eval.begun", "eval.before_output:3", "eval.after_output:3", "eval.before_done"]
OTHERS = ["eval.in_import", "eval.before_verdict", "golden.in_transaction", "golden.committed"]
REFRESH = "golden.in_refresh"
_GATE = """\
import sys, headrace
with headrace.open(sys.argv[1]) as workspace:
    print(workspace.evals.gate("slow", baseline=None, top_up=False).run)
"""
_IMPORT = """\
import sys, headrace
with headrace.open(sys.argv[1]) as workspace:
    workspace.evals.import_rows([{"case": "a", "output": "x", "scores": {"ok": 1}}], "elsewhere")
"""
_ADD = """\
import sys, headrace
from headrace.records.golden import CaseInput
with headrace.open(sys.argv[1]) as workspace:
    workspace.golden.add([CaseInput(key="new", inputs={"question": "?"})], golden="slow", reason="late")
"""
_KEYS = [f"s{number}" for number in range(6)]


def test_every_failpoint_is_killed_below() -> None:
    named = {name.partition(":")[0] for name in [*RUN, *OTHERS, REFRESH]}
    assert named == {name for name in NAMES if name.startswith(("eval.", "golden."))}


def _bench(root: Path, *, ledger: str | None = None) -> Workbench:
    bench = suites(root, ledger=ledger)
    with bench.open() as workspace:
        given = [CaseInput(key=key, inputs={"question": key}, expected={"answer": key}) for key in _KEYS]
        workspace.golden.add(given, golden="slow", accept=True)
    return bench


def _killed(root: Path, code: str, failpoint: str) -> None:
    done = run_python(code, str(root), failpoints=failpoint)
    assert was_killed(done), done.stderr


def _check_run(root: Path, failpoint: str, *, ledger: str | None = None) -> None:
    bench = _bench(root, ledger=ledger)
    _killed(root, _GATE, failpoint)
    before = asked(bench)
    with bench.open() as workspace:
        with workspace.ledger.read() as conn:
            [row] = eval_runs.runs(conn)
            stored = {result.key for result in eval_runs.results(conn, row.id)}
        assert row.state == "running"
        assert len(set(before) - stored) <= 1, "at most the one on its way"
        run = workspace.evals.run("slow")
        assert (run.run, run.state, run.outputs) == (row.id, "done", 6)
        assert set(asked(bench)) == set(_KEYS) - stored, "nothing that was counted is asked again"
        assert run.metrics["exact"].mean == 1.0


@pytest.mark.parametrize(
    "failpoint", [*(pytest.param(name, marks=_SOAK) for name in RUN if name != RUN[2]), RUN[2]]
)
def test_a_killed_run_goes_on(tmp_path: Path, failpoint: str) -> None:
    _check_run(tmp_path, failpoint)


@pytest.mark.soak
@pytest.mark.postgres
def test_so_it_does_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    _check_run(tmp_path, "eval.after_output:3", ledger=postgres_url)


@pytest.mark.soak
def test_a_verdict_an_import_and_a_case_are_there_whole_or_not_at_all(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    _killed(tmp_path, _GATE, "eval.before_verdict")
    _killed(tmp_path, _IMPORT, "eval.in_import")
    _killed(tmp_path, _ADD, "golden.in_transaction")
    with bench.open() as workspace:
        with workspace.ledger.read() as conn:
            assert eval_runs.verdicts(conn) == []
            assert [row.id for row in eval_runs.runs(conn) if row.target == "import"] == []
        assert [case.key for case in workspace.golden.list("slow").cases] == _KEYS
        assert workspace.evals.list().runs[0].state == "done", "the run itself was over"
    _killed(tmp_path, _ADD, "golden.committed")
    with bench.open() as workspace:
        assert workspace.golden.show("new", golden="slow").events[0].reason == "late"
        workspace.evals.import_rows([{"case": "a", "scores": {"ok": 1}}], "elsewhere")


@pytest.mark.soak
def test_a_sample_is_drawn_whole_or_not_at_all(tmp_path: Path) -> None:
    bench = suites(tmp_path)
    bench.write("a.md", "Herons nest in tall trees.")
    bench.sync()
    with bench.open() as workspace:
        workspace.ask("Where do herons nest?")
    code = _ADD.replace('golden="slow", reason="late")', 'golden="x")\n    workspace.golden.refresh()')
    _killed(tmp_path, code, REFRESH)
    with bench.open() as workspace:
        assert len(workspace.golden.refresh().added) == 1
