"""A backfill leaves the corpus to others between its slices, keeps its pace, and sees what they did."""

from __future__ import annotations

from pathlib import Path

from headrace.ingest.sync import backfill as backfilling
from headrace.ingest.sync import target as targets
from headrace.ingest.sync.backfill import Pace, backfill
from headrace.ledger import runs
from headrace.workspace import Workspace
from tests.workbench import Workbench


def _bench(root: Path, documents: int = 9) -> Workbench:
    bench = Workbench(root)
    for number in range(documents):
        bench.write(f"{number}.md", f"Document {number} about herons.")
    bench.sync()
    return bench


def test_a_sync_between_two_slices_is_seen_by_the_next(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    pauses: list[float] = []

    def meanwhile(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 1:
            bench.write("0.md", "Changed between two slices.")
            (bench.root / "docs" / "8.md").unlink()
            bench.write("new.md", "Added between two slices.")
            assert bench.sync(confirm_deletes=True).failures == ()

    with bench.open() as workspace:
        done = _backfill(workspace, Pace(documents_per_second=1.5), meanwhile)
        first, second = workspace.index.list().generations
    assert (done.state, second.coverage, second.documents) == ("validating", 1.0, first.documents)
    fresh = Workbench(tmp_path / "fresh")
    fresh.configure(chunk_tokens=16)
    for path in (bench.root / "docs").iterdir():
        fresh.write(path.name, path.read_text())
    assert fresh.sync().digest == done.digest


def test_a_throttled_backfill_rests_as_long_as_its_pace_asks(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    pauses: list[float] = []
    with bench.open() as workspace:
        done = _backfill(workspace, Pace(documents_per_second=0.5), pauses.append)
    assert done.documents == 9
    assert len(pauses) >= 7, "one document in two seconds: slices of one"
    assert all(pause > 0.6 for pause in pauses[1:])


def test_slices_grow_to_what_fits_their_time(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    pauses: list[float] = []
    with bench.open() as workspace:
        done = _backfill(workspace, Pace(), pauses.append)
    assert (done.documents, pauses) == (9, []), "nine documents fit the first slice"
    assert backfilling._FIRST >= 9


def _backfill(workspace: Workspace, pace: Pace, pause: object) -> backfilling.Backfilled:
    context = workspace._sync_context("docs").with_settings(
        {"embedder": "hash", "chunk_tokens": 16, "chunk_overlap": 0}
    )
    generation = workspace.ledger.write(lambda tx: targets.create(tx, context, reason="a test"))
    run_id = workspace.ledger.write(lambda tx: runs.start(tx, "build", "docs", actor="a test"))
    return backfill(context, generation, run_id=run_id, pace=pace, pause=pause)  # type: ignore[arg-type]
