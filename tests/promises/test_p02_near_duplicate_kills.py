"""P2 and P3 where documents are compared: a sync killed at any step leaves no gap; the next one ends it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from headrace.flows.forget import erasers as _erasers  # noqa: F401 - declares failpoints
from headrace.ingest.sync import run as _run  # noqa: F401
from headrace.ledger.failpoints import NAMES
from tests.processes import run_python
from tests.promises.test_p01_near_duplicates import Gate, standing, text_of, write
from tests.workbench import Workbench, was_killed

FAILPOINTS = [
    "duplicates.segment_written",
    "duplicates.compared",
    "duplicates.part_published",
    "sync.in_ledger_transaction",
]
GATE = Gate(0.8, '"official/*"', "quarantine").declared('"*" = ["public"]')
ERASED = "duplicates.signatures_erased"
_SYNC = """\
import sys, headrace
from headrace.ingest.sync import prepare, winning
from headrace.ingest.sync.context import SyncContext
winning._BATCH = prepare._BATCH_DOCUMENTS = 1
SyncContext.__init__.__kwdefaults__["publish_chunks"] = 1
with headrace.open(sys.argv[1]) as workspace:
    workspace.sync(confirm_deletes=True)
"""
_FORGET = """\
import sys, headrace
with headrace.open(sys.argv[1]) as workspace:
    workspace.forget("docs/b.md")
"""


def test_every_failpoint_is_killed_below() -> None:
    assert {name for name in NAMES if name.startswith("duplicates.")} <= {*FAILPOINTS, ERASED}


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_sync_that_was_killed_leaves_no_gap_and_is_ended_by_the_next(
    tmp_path: Path, failpoint: str
) -> None:
    _killed(tmp_path, failpoint)


def test_the_same_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    _killed(tmp_path, "duplicates.part_published", ledger=postgres_url)


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize(
    "failpoint", [*FAILPOINTS, "sync.before_index_commit", "sync.after_index_commit", "sync.after_publish"]
)
def test_full_matrix(tmp_path: Path, failpoint: str, nth: int) -> None:
    _killed(tmp_path, f"{failpoint}=kill:{nth}")


def test_forgetting_that_was_killed_ends_and_a_loser_takes_the_place(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    write(bench, "b.md", 1, 0, 3)
    bench.sync()
    assert {row["document"] for row in bench.rows()} == {"docs/b.md", "docs/alone.md", "docs/c.md"}
    assert was_killed(_python(bench, _FORGET, ERASED))
    folder = next((tmp_path / ".headrace" / "index" / "signatures" / "docs").iterdir())
    bench.sync()
    assert {row["document"] for row in bench.rows()} == {"docs/a.md", "docs/alone.md", "docs/c.md"}
    states, rows = standing(bench)
    assert "docs/b.md" not in {**states, **rows}
    kept = {row[0] for row in rows.values()}
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1024 * (len(kept) + 2)


def _bench(root: Path, ledger: str | None = None) -> Workbench:
    """Three groups: one whose winner will go, one whose winner will change, one that a better one joins."""
    bench = Workbench(root)
    bench.configure(ledger=ledger, extra=GATE)
    write(bench, "a.md", 1, 0, 2)
    write(bench, "b.md", 1, 1, 1)
    write(bench, "c.md", 2, 0, 2)
    write(bench, "d.md", 2, 1, 1)
    write(bench, "alone.md", 3, 0, 1)
    bench.sync()
    return bench


def _killed(root: Path, failpoint: str, ledger: str | None = None) -> None:
    bench = _bench(root / "killed", ledger)
    docs = bench.root / "docs"
    (docs / "a.md").unlink()
    write(bench, "c.md", 4, 0, 3)
    write(bench, "official/e.md", 3, 2, 1)
    killed = _python(bench, _SYNC, failpoint)
    if ":" not in failpoint:
        assert was_killed(killed), killed.stderr
    texts = " ".join(row["text"] for row in bench.rows())
    # Words that stand in both documents of a group, and in no other: some document says them all the time.
    for seed in (1, 2, 3):
        assert text_of(seed, 0)[-60:] in texts, f"the content of group {seed} is served by nobody"
    report = bench.sync()
    fresh = Workbench(root / "fresh")
    fresh.configure(extra=GATE)
    shutil.copytree(docs, fresh.root / "docs", dirs_exist_ok=True)
    assert (fresh.sync().digest, standing(fresh)) == (report.digest, standing(bench))
    assert {row["document"] for row in bench.rows()} == {
        f"docs/{name}.md" for name in ("b", "c", "d", "official/e")
    }


def _python(bench: Workbench, script: str, failpoints: str) -> subprocess.CompletedProcess[str]:
    return run_python(script, str(bench.root), failpoints=failpoints)
