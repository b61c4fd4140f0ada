"""P2: what was acknowledged survives a kill at any point; the next run goes on from there."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from headrace.ingest.sync import run as _run  # noqa: F401 - declares the failpoints of a sync
from headrace.ledger.failpoints import NAMES
from tests.workbench import Workbench, rows, was_killed

SYNC_FAILPOINTS = sorted(name for name in NAMES if name.startswith("sync."))
OLD = {f"doc{number}.md": f"Old text of document {number}.\n\nSecond paragraph." for number in range(12)}
NEW = {name: text.replace("Old", "New") for name, text in OLD.items()}


def test_every_step_of_a_sync_has_a_failpoint() -> None:
    assert {name.removeprefix("sync.") for name in SYNC_FAILPOINTS} == {
        "after_index_commit",
        "after_publish",
        "before_cutover",
        "before_index_commit",
        "embeddings_stored",
        "in_ledger_transaction",
        "table_created",
    }


@pytest.mark.parametrize("failpoint", SYNC_FAILPOINTS)
def test_kill_during_sync_then_rerun(tmp_path: Path, failpoint: str) -> None:
    _kill_and_rerun(Workbench(tmp_path), failpoint)


@pytest.mark.parametrize("failpoint", ["sync.after_index_commit", "sync.in_ledger_transaction"])
def test_kill_during_sync_then_rerun_on_postgresql(tmp_path: Path, postgres_url: str, failpoint: str) -> None:
    bench = Workbench(tmp_path)
    bench.configure(ledger=postgres_url)
    _kill_and_rerun(bench, failpoint, ledger=postgres_url)


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("failpoint", SYNC_FAILPOINTS)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_full_matrix(
    tmp_path: Path, request: pytest.FixtureRequest, failpoint: str, nth: int, engine: str
) -> None:
    ledger = request.getfixturevalue("postgres_url") if engine == "postgresql" else None
    bench = Workbench(tmp_path)
    bench.configure(ledger=ledger)
    _kill_and_rerun(bench, f"{failpoint}=kill:{nth}", ledger=ledger)


def _kill_and_rerun(bench: Workbench, failpoint: str, ledger: str | None = None) -> None:
    """Kill the first sync, finish it, edit, kill the second, look at what serves, finish it."""
    for name, text in OLD.items():
        bench.write(name, text)
    bench.sync_in_process(failpoints=failpoint)
    first = bench.sync()
    _whole(bench, OLD)
    for name, text in NEW.items():
        bench.write(name, text)
    (bench.root / "docs" / "doc0.md").unlink()
    changes_recipe = "cutover" in failpoint or "table_created" in failpoint
    if changes_recipe:
        bench.configure(chunk_tokens=16, ledger=ledger)
    killed = bench.sync_in_process(failpoints=failpoint)
    if ":" not in failpoint:
        assert was_killed(killed), killed.stderr
    _one_revision_each(bench)
    last = bench.sync()
    expected = {name: text for name, text in NEW.items() if name != "doc0.md"}
    _whole(bench, expected)
    fresh = Workbench(bench.root.parent / f"{bench.root.name}-fresh")
    fresh.configure(chunk_tokens=16 if changes_recipe else 32)
    for name, text in expected.items():
        fresh.write(name, text)
    assert fresh.sync().digest == last.digest != first.digest


def _whole(bench: Workbench, expected: dict[str, str]) -> None:
    with bench.open() as workspace:
        found = rows(workspace)
    assert max(Counter(row["chunk_id"] for row in found).values()) == 1, "a chunk stands twice"
    assert {row["document"] for row in found} == {f"docs/{name}" for name in expected}
    for name, text in expected.items():
        mine = "".join(row["text"] for row in found if row["document"] == f"docs/{name}")
        assert text.split()[0] in mine


def _one_revision_each(bench: Workbench) -> None:
    with bench.open() as workspace:
        found = rows(workspace)
    revisions: dict[str, set[str]] = {}
    for row in found:
        revisions.setdefault(row["document"], set()).add(row["revision"])
    assert all(len(mine) == 1 for mine in revisions.values()), "a document is half old, half new"
    assert len(revisions) >= len(OLD) - 1, "a document that served is gone"
