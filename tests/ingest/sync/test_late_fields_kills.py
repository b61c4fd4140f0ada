"""A backfill survives SIGKILL at each of its steps: rerun, it holds what one from scratch would hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headrace.ingest.sync import late_fields as _late_fields  # noqa: F401 - declares the failpoints
from headrace.ledger.failpoints import NAMES
from tests.processes import run_python
from tests.workbench import Workbench, rows, was_killed

FAILPOINTS = sorted(name for name in NAMES if name.startswith("metadata."))
DECLARED = '\n[corpus.docs.metadata]\nyear = { type = "integer", default = 7 }\n'
_RUN = """\
import sys, headrace
with headrace.open(sys.argv[1]) as workspace:
    workspace.index.backfill_metadata()
"""


def test_every_step_of_a_backfill_has_a_failpoint() -> None:
    assert {name.removeprefix("metadata.") for name in FAILPOINTS} == {
        "after_index_commit",
        "after_publish",
        "before_index_commit",
        "before_record",
        "in_ledger_transaction",
    }


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_kill_during_backfill_then_rerun(tmp_path: Path, failpoint: str) -> None:
    _kill_and_rerun(Workbench(tmp_path / "bench"), failpoint)


def test_kill_during_backfill_then_rerun_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    _kill_and_rerun(Workbench(tmp_path / "bench"), "metadata.after_index_commit", ledger=postgres_url)


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_full_matrix(tmp_path: Path, postgres_url: str, failpoint: str) -> None:
    _kill_and_rerun(Workbench(tmp_path / "bench"), failpoint, ledger=postgres_url)


def _kill_and_rerun(bench: Workbench, failpoint: str, ledger: str | None = None) -> None:
    bench.configure(ledger=ledger)
    for number in range(6):
        front = f"---\nyear: '{2020 + number}'\n---\n" if number % 2 else ""
        bench.write(f"{number}.md", f"{front}Heron number {number} wades.")
    bench.sync()
    bench.configure(extra=DECLARED, ledger=ledger)
    killed = run_python(_RUN, str(bench.root), failpoints=failpoint)
    assert was_killed(killed), killed.stderr
    with bench.open() as workspace:
        seen = {row["document"]: row["metadata"].get("year") for row in rows(workspace)}
        assert len(seen) == len(rows(workspace)) == 6
        assert set(seen.values()) in ({None, "2021", "2023", "2025"}, {7, 2021, 2023, 2025})
        workspace.sync()
        workspace.index.backfill_metadata()
        assert workspace.status().corpora[0].metadata_missing == {}
        digest = workspace.status().corpora[0].digest
        held = [{**row, "vector": None} for row in rows(workspace)]
    fresh = Workbench(bench.root.parent / "fresh")
    fresh.configure(extra=DECLARED)
    for path in (bench.root / "docs").iterdir():
        fresh.write(path.name, path.read_text(encoding="utf-8"))
    assert fresh.sync().digest == digest
    assert [{**row, "vector": None} for row in fresh.rows()] == held
