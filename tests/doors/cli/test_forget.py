"""`headrace hide`, `unhide` and `forget`, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.doors.cli.program import Program
from tests.doors.server.serving import small_workspace


def test_forgetting_from_the_command_line(headrace: Program, tmp_path: Path) -> None:
    bench = small_workspace(tmp_path, extra='\n[erasure]\nreader_wait = "0s"\n')
    bench.sync()
    looked = json.loads(headrace("forget", "on-call.md", "--dry-run", "--json", cwd=tmp_path).stdout)
    assert looked["certificate"] is None
    assert set(looked["found"][0]) == {"store", "items"}
    withheld = headrace("forget", "source:docs", "--json", cwd=tmp_path)
    assert (withheld.returncode, json.loads(withheld.stdout)["error"]["type"]) == (3, "Withheld")
    hidden = headrace("hide", "on-call.md", cwd=tmp_path)
    assert (hidden.returncode, "docs/docs/on-call.md" in hidden.stdout) == (0, True)
    assert headrace("unhide", "on-call.md", cwd=tmp_path).returncode == 0
    done = headrace("forget", "on-call.md", "--reason", "asked", "--json", cwd=tmp_path)
    report = json.loads(done.stdout)
    assert (done.returncode, report["scan"]["hits"]) == (0, 0)
    assert {"certificate", "found", "erased", "scan"} <= set(report)
    assert headrace("forget", "--verify", report["erasure"], cwd=tmp_path).returncode == 0
    key = headrace("forget", "--public-key", cwd=tmp_path).stdout.strip()
    assert key == report["certificate"]["public_key"]
    synced = json.loads(headrace("sync", "--json", cwd=tmp_path).stdout)
    assert synced["documents"]["suppressed"] == 1
    both = headrace("forget", "a.md", "--due", cwd=tmp_path)
    assert both.returncode == 2
    shown = headrace("forget", "retention.md", cwd=tmp_path)
    assert shown.returncode == 0
    assert "1 document forgotten" in shown.stdout
    assert all(len(line) <= 80 for line in shown.stdout.splitlines() if "docs/" not in line)
