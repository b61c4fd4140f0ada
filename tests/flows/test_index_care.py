"""Verify, repair, prune, optimise: the care of generations."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from headrace.errors import UsageError
from headrace.ingest.index.generation import GenerationTable, IndexConfig
from headrace.ledger import leases, snapshots
from headrace.ledger.columnar.table import ColumnarTable
from headrace.records.generations import VerifyReport
from headrace.workspace import Workspace
from tests.workbench import Workbench, rows

PAGES = 8


def _bench(root: Path) -> Workbench:
    bench = Workbench(root)
    for number in range(PAGES):
        bench.write(f"{number}.md", f"Document {number}.\n\n" + f"Herons stand at weir {number}. " * 14)
    bench.sync()
    return bench


def change_index(workspace: Workspace, change: Any) -> None:
    """Put rows into the index behind the back of the ledger, and publish them."""
    (one,) = workspace.index.list().generations
    with workspace.ledger.read() as conn:
        from headrace.ledger import generations

        generation = generations.get(conn, one.generation)
        snapshot = snapshots.current(conn, one.generation)
    assert generation is not None
    assert snapshot is not None
    table = GenerationTable(generation.location, dimension=64, config=IndexConfig())
    with leases.held(workspace.ledger, "corpus/docs"):
        removed, added = change(table.table.head().to_table())
        addresses = [row for name in removed for row in table.table.addresses(f"document = '{name}'")]
        version = table.table.swap(remove=addresses, rows=added, run_id="a test")
        workspace.ledger.write(
            lambda tx: snapshots.publish(
                tx,
                generation.id,
                version=version,
                run_id="a test",
                documents=snapshot.documents,
                chunks=snapshot.chunks,
            )
        )


def _of(table: pa.Table, name: str) -> pa.Table:
    return table.filter(pa.compute.equal(table["document"], name))


def _with(table: pa.Table, column: str, value: Any) -> pa.Table:
    place = table.schema.get_field_index(column)
    return table.set_column(place, table.schema.field(column), value)


def _lost(table: pa.Table) -> Any:
    return ["docs/0.md"], _of(table, "docs/0.md").slice(1)


def _ghost(table: pa.Table) -> Any:
    mine = _of(table, "docs/0.md")
    renamed = _with(mine, "chunk_id", pa.array([f"chunk_{number}" for number in range(len(mine))]))
    return [], _with(renamed, "document", pa.array(["docs/nobody.md"] * len(mine)))


def twice(table: pa.Table) -> Any:
    return [], _of(table, "docs/0.md")


def _other_revision(table: pa.Table) -> Any:
    mine = _of(table, "docs/0.md")
    return ["docs/0.md"], _with(mine, "revision", pa.array(["rev_other"] * len(mine)))


def _other_text(table: pa.Table) -> Any:
    mine = _of(table, "docs/0.md")
    return ["docs/0.md"], _with(mine, "text", pa.array(["another text"] * len(mine)))


def _long_vectors(table: pa.Table) -> Any:
    mine = _of(table, "docs/0.md")
    flat = np.full(len(mine) * 64, 3.0, dtype=np.float32)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(flat), 64)
    return ["docs/0.md"], _with(mine, "vector", vectors)


@pytest.mark.parametrize(
    ("change", "kind", "document", "said"),
    [
        (_lost, "missing", "docs/0.md", "chunks are there"),
        (_ghost, "ghost", "docs/nobody.md", "does not know"),
        (twice, "duplicate", "docs/0.md", "chunks are there"),
        (_other_revision, "wrong", "docs/0.md", "another revision"),
        (_other_text, "wrong", "docs/0.md", "does not have the hash"),
        (_long_vectors, "wrong", "docs/0.md", "length 24, not 1"),
    ],
    ids=["missing", "ghost", "duplicate", "revision", "text", "vector"],
)
def test_what_is_wrong_is_found_and_only_that_is_rewritten(
    tmp_path: Path, change: Any, kind: str, document: str, said: str
) -> None:
    bench = _bench(tmp_path)
    with bench.open() as workspace:
        before = rows(workspace)
        assert workspace.index.verify().ok
        change_index(workspace, change)
        found = workspace.index.verify()
        assert _counts(found) == {kind: 1}
        (problem,) = found.problems
        assert (problem.kind, problem.document) == (kind, document)
        assert said in problem.detail
        repaired = workspace.index.verify(repair=True)
        assert (repaired.ok, repaired.repaired, _counts(repaired)) == (True, 1, {})
        assert workspace.index.verify().ok
        assert rows(workspace) == before
    assert bench.sync().documents.unchanged == PAGES


def _counts(report: VerifyReport) -> dict[str, int]:
    kinds = {name: getattr(report, name) for name in ("missing", "ghost", "duplicate", "wrong")}
    return {name: number for name, number in kinds.items() if number}


def test_a_stored_embedding_that_is_wrong_itself_is_computed_again(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    with bench.open() as workspace:
        store = workspace._store(workspace._embedder("hash"))
        keys = [row["text_hash"] for row in rows(workspace) if row["document"] == "docs/0.md"]
        right = store.fetch(keys)[1]
        store.drop(keys, run_id="a test")
        store.put(keys, np.full((len(keys), 64), 3.0, dtype=np.float32), run_id="a test")
        change_index(workspace, _long_vectors)
        assert workspace.index.verify(repair=True).ok
        assert np.array_equal(store.fetch(keys)[1], right)


def test_a_recount_says_what_the_sources_hold_that_the_index_does_not(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    bench.write("new.md", "Nobody has synced this.")
    (bench.root / "docs" / "0.md").unlink()
    with bench.open() as workspace:
        found = workspace.index.verify()
        assert [(item.kind, item.document) for item in found.problems] == [
            ("missing", "docs/new.md"),
            ("ghost", "docs/0.md"),
        ]
        assert workspace.index.verify(sources=False).ok
    bench.sync()
    with bench.open() as workspace:
        assert workspace.index.verify().ok


def test_only_what_nobody_can_go_back_to_is_pruned(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    bench.configure(chunk_tokens=16, extra='\n[index]\nkeep_retired = "0s"\n')
    bench.sync()
    with bench.open() as workspace:
        first, second = workspace.index.list().generations
        with pytest.raises(UsageError, match="serves"):
            workspace.index.prune(second.generation)
        dry = workspace.index.prune(dry_run=True)
        assert [item.generation for item in dry.removed] == [first.generation]
        assert workspace.index.list().generations[0].pruned_at_us is None
        assert [item.documents for item in workspace.index.prune().removed] == [PAGES]
        gone = workspace.index.list().generations[0]
        assert (gone.documents, gone.size_bytes, gone.state, gone.written) == (0, 0, "retired", False)
        assert workspace.index.prune().removed == ()
        with pytest.raises(UsageError, match="was pruned"):
            workspace.index.rollback(force=True, reason="a test")
    bench.configure()
    again = bench.sync()
    assert (again.embeddings.computed, again.documents.added) == (0, PAGES)
    assert again.generation not in (first.generation, second.generation)


def test_one_that_is_kept_in_step_is_not_pruned_and_one_that_never_served_may_be(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    with bench.open() as workspace:
        built = workspace.index.build(recipe={"chunk_tokens": "16"})
        assert workspace.index.prune().removed == ()
        (gone,) = workspace.index.prune(built.generation).removed
        assert gone.generation == built.generation
        assert [step.state for step in workspace.index.show(built.generation).history][-1] == "retired"
        built = workspace.index.build(recipe={"chunk_tokens": "16"})
        workspace.index.cutover(built.generation, force=True, reason="a test")
        with pytest.raises(UsageError, match="kept in step"):
            workspace.index.prune("docs/1")
    assert bench.sync().beside == (), "what is whole costs nothing"


def test_optimising_leaves_one_fragment_the_same_rows_and_every_tagged_version(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    for turn in range(4):
        bench.write("0.md", f"Turn {turn}.")
        bench.sync()
    with bench.open() as workspace:
        before = rows(workspace)
        (one,) = workspace.index.list().generations
        location = next((tmp_path / ".headrace").rglob(f"{one.generation}.lance"))
        table = ColumnarTable(str(location))
        tagged = int(table.head().version)
        table.head().tags.create("audit", tagged)
        report = workspace.index.optimize(keep_versions=timedelta(0))
        assert (report.after.fragments, report.after.uncovered_rows) == (1, 0)
        assert report.before.fragments > 1
        assert report.after.versions < report.before.versions
        assert rows(workspace) == before
        assert workspace.index.verify().ok
        assert workspace.index.list().generations[0].digest == one.digest
        assert ColumnarTable(str(location)).at(tagged).count_rows() == len(before)
        assert workspace.search("turn 3").hits[0].text == "Turn 3."
    assert bench.sync().commits == 0


def test_a_prune_that_was_cut_off_is_finished_by_the_next(tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    bench.configure(chunk_tokens=16, extra='\n[index]\nkeep_retired = "0s"\n')
    bench.sync()
    with bench.open() as workspace:
        first = workspace.index.list().generations[0].generation
        location = next((tmp_path / ".headrace").rglob(f"{first}.lance"))
        kept = tmp_path / "kept"
        shutil.copytree(location, kept)
        workspace.index.prune()
        shutil.copytree(kept, location)
        assert [item.generation for item in workspace.index.prune().removed] == [first]
    assert not location.exists()
