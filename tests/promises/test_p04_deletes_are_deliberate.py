"""P4: an empty or partial listing wipes nothing; a mass delete waits; additions still go in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.ingest.sync.guard import judge
from headrace.records.document import Content, Listing, SourceItem
from tests.workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    bench = Workbench(tmp_path)
    for number in range(40):
        bench.write(f"{number:02}.md", f"Document number {number} about herons.")
    bench.sync()
    return bench


def _delete(bench: Workbench, count: int) -> None:
    for number in range(count):
        (bench.root / "docs" / f"{number:02}.md").unlink()


def test_an_empty_folder_wipes_nothing(bench: Workbench) -> None:
    shutil.rmtree(bench.root / "docs")
    (bench.root / "docs").mkdir()
    report = bench.sync()
    assert (report.documents.withheld, report.documents.deleted) == (40, 0)
    assert "empty" in report.withheld_reason
    assert len(bench.rows()) == 40


def test_a_vanished_folder_wipes_nothing(bench: Workbench) -> None:
    shutil.rmtree(bench.root / "docs")
    report = bench.sync()
    assert report.documents.withheld == 40
    assert "incomplete" in report.withheld_reason
    assert len(bench.rows()) == 40


def test_a_mass_delete_waits_for_a_decision_and_additions_go_in(bench: Workbench) -> None:
    _delete(bench, 11)
    bench.write("new.md", "A new document about cranes.")
    report = bench.sync()
    assert (report.documents.withheld, report.documents.deleted, report.documents.added) == (11, 0, 1)
    assert len(bench.rows()) == 41
    confirmed = bench.sync(confirm_deletes=True)
    assert (confirmed.documents.withheld, confirmed.documents.deleted) == (0, 11)
    assert len(bench.rows()) == 30


def test_a_small_delete_goes_through(bench: Workbench) -> None:
    _delete(bench, 10)
    report = bench.sync()
    assert (report.documents.withheld, report.documents.deleted) == (0, 10)
    assert len(bench.rows()) == 30


def test_a_rename_of_everything_is_no_delete(bench: Workbench) -> None:
    (bench.root / "docs").rename(bench.root / "moved")
    (bench.root / "docs").mkdir()
    (bench.root / "moved").rename(bench.root / "docs" / "deeper")
    report = bench.sync()
    assert (report.documents.moved, report.documents.deleted, report.documents.withheld) == (40, 0, 0)
    assert report.embeddings.computed == 0


def test_a_new_recipe_over_an_empty_listing_changes_nothing_that_serves(bench: Workbench) -> None:
    shutil.rmtree(bench.root / "docs")
    (bench.root / "docs").mkdir()
    bench.configure(chunk_tokens=16)
    report = bench.sync()
    assert report.documents.withheld == 40
    assert len(bench.rows()) == 40


def test_the_plan_says_what_would_be_withheld(bench: Workbench) -> None:
    _delete(bench, 30)
    with bench.open() as workspace:
        plan = workspace.plan()
    assert plan.documents.withheld == 30
    assert plan.withheld_reason


@given(
    total=st.integers(1, 300),
    gone=st.integers(1, 300),
    complete=st.booleans(),
)
def test_the_rule(total: int, gone: int, complete: bool) -> None:
    gone = min(gone, total)
    item = SourceItem(uri="kept", stamp="1", read=lambda: Content(data=b""))
    listing = Listing(source="s", items=[item] * (total - gone), complete=complete)
    missing = {f"{number}": "s" for number in range(gone)}
    verdict = judge([listing], missing, baseline={"s": total}, confirmed=False)
    deletes = complete and total > gone and not (gone > 10 and gone > 0.1 * total)
    assert bool(verdict.delete) == deletes
    assert len(verdict.delete) + len(verdict.withheld) == gone
    assert bool(verdict.reason) != deletes
    everything = judge([listing], missing, baseline={"s": total}, confirmed=True)
    assert set(everything.delete) == set(missing)
