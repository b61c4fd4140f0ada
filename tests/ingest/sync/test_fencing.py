"""A writer that was taken for dead cannot publish, and what it left in the index never serves."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import sqlalchemy as sa

from headrace.ledger.storage.tables.generations import leases as lease_table
from tests.workbench import Workbench, rows

_SYNC = "import sys, headrace\nwith headrace.open(sys.argv[1]) as workspace: workspace.sync()"


def test_a_writer_that_lost_its_lease_publishes_nothing(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("a.md", "The first revision about herons.")
    bench.sync()
    bench.write("a.md", "The revision of the slow writer about herons.")
    slow = subprocess.Popen(
        [sys.executable, "-c", _SYNC, str(tmp_path)],
        env={**os.environ, "HEADRACE_FAILPOINTS": "sync.after_index_commit=sleep:4"},
        stderr=subprocess.PIPE,
        text=True,
    )
    with bench.open() as workspace:
        _wait_for_commit(tmp_path)
        # As if its time to live had run out while it was stopped.
        workspace.ledger.write(
            lambda tx: tx.conn.execute(sa.update(lease_table).values(holder=None, expires_us=0))
        )
        bench.write("a.md", "The revision of the quick writer about herons.")
        report = workspace.sync()
        assert report.documents.updated == 1
    _, error = slow.communicate(timeout=60)
    assert slow.returncode != 0
    assert "LeaseLost" in error
    with bench.open() as workspace:
        texts = [row["text"] for row in rows(workspace)]
        assert texts == ["The revision of the quick writer about herons."]
        assert workspace.sync().documents.unchanged == 1
        assert [row["text"] for row in rows(workspace)] == texts


def _wait_for_commit(root: Path) -> None:
    (table,) = (root / ".headrace" / "index" / "generations").iterdir()
    before = len(list((table / "_versions").iterdir()))
    give_up = time.monotonic() + 30
    while len(list((table / "_versions").iterdir())) <= before:
        assert time.monotonic() < give_up, "the slow writer never committed"
        time.sleep(0.02)
