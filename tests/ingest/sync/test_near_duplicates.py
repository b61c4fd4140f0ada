"""Near duplicates in a sync: what readers see of them, and what keeps a winner or a loser where it is."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import NotFoundError
from headrace.records.sync import SyncReport
from headrace.workspace import Workspace
from tests.fakes.openai_server import OpenAIServer, refusing
from tests.promises.test_p01_near_duplicates import Gate, standing, text_of, write
from tests.promises.test_p06_nothing_fails_silently import MODELS
from tests.workbench import Workbench

PUBLIC = '"*" = ["public"]'
HR = '"hr/*" = ["hr"]\n"*" = ["public"]'


def configure(bench: Workbench, rules: str = PUBLIC, *, threshold: float = 0.8, **options: Any) -> None:
    """Declare the gate."""
    models = options.pop("models", "")
    declared = Gate(threshold, "", options.pop("on_failure", "quarantine")).declared(rules)
    bench.configure(extra=declared + models, **options)


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """A winner with two losers, and a document alone."""
    bench = Workbench(tmp_path)
    configure(bench)
    write(bench, "a.md", 1, 0, 3)
    write(bench, "b.md", 1, 1, 2)
    write(bench, "hr/c.md", 1, 2, 1)
    write(bench, "d.md", 2, 0, 1)
    bench.sync()
    return bench


def served(bench: Workbench) -> set[str]:
    """Documents in the index."""
    return {row["document"].removeprefix("docs/") for row in bench.rows()}


def yielding(report: SyncReport) -> dict[str, str]:
    """Documents that are kept out, with the reason."""
    return {failure.document.removeprefix("docs/"): failure.error for failure in report.kept_out}


def found(workspace: Workspace, *labels: str) -> dict[str, tuple[str, ...]]:
    """Documents that a search finds, with their aliases."""
    words = text_of(1, 0)[-80:]
    hits = workspace.search(words, access=labels).hits
    return {hit.document: hit.aliases for hit in hits if hit.text in text_of(1, 0)}


def test_hits_citations_why_and_status_name_what_a_document_stands_for(bench: Workbench) -> None:
    with bench.open() as workspace:
        assert found(workspace) == {"docs/a.md": ("docs/b.md", "docs/hr/c.md")}
        cited = workspace.ask(text_of(1, 0)[-80:]).citations
        assert {item.document: item.aliases for item in cited}.get("docs/a.md") == (
            "docs/b.md",
            "docs/hr/c.md",
        )
        why = workspace.why("b.md")
        (winner,) = why.upstream.children
        assert (why.ref, why.upstream.facts["now"]) == ("docs/docs/b.md", "an alias")
        assert (winner.ref, winner.relation) == ("docs/docs/a.md", "yields to")
        stood_for = [node.ref for node in winner.children if node.relation == "stands for"]
        assert stood_for == ["docs/docs/b.md", "docs/docs/hr/c.md"]
        with pytest.raises(NotFoundError):
            workspace.why("nothing.md")
        steps = [step.event for step in workspace.history("docs/b.md").steps]
        assert steps == ["yielded"]
    report = bench.sync()
    assert (report.commits, report.quarantined, report.documents.unchanged) == (0, 2, 2)
    assert yielding(report)["b.md"].startswith("near_duplicate v1: like 'docs/a.md' (score 0.9")
    with bench.open() as workspace:
        told = workspace.status().corpora[0]
        assert {item["document"]: item["winner"] for item in told.aliases} == {
            "docs/b.md": "docs/a.md",
            "docs/hr/c.md": "docs/a.md",
        }
        assert (told.failures, told.debt["missing"].count, told.freshness[0].waiting) == ((), 0, 0)


def test_other_labels_part_documents_at_once_and_in_the_same_sync(bench: Workbench) -> None:
    configure(bench, HR)
    report = bench.sync()
    assert (report.relabelled, served(bench)) == (1, {"a.md", "hr/c.md", "d.md"})
    with bench.open() as workspace:
        assert found(workspace) == {"docs/a.md": ("docs/b.md",)}
        assert found(workspace, "hr") == {"docs/a.md": ("docs/b.md",), "docs/hr/c.md": ()}
    configure(bench)
    assert (bench.sync().commits, served(bench)) == (1, {"a.md", "d.md"})


def test_a_loser_takes_the_place_of_a_winner_in_one_commit(bench: Workbench) -> None:
    (bench.root / "docs" / "a.md").unlink()
    report = bench.sync()
    assert (report.commits, report.documents.added, report.documents.deleted) == (1, 1, 1)
    assert (served(bench), set(yielding(report))) == ({"b.md", "d.md"}, {"hr/c.md"})
    write(bench, "d.md", 1, 0, 9)
    report = bench.sync()
    assert (report.commits, served(bench), set(yielding(report))) == (1, {"d.md"}, {"b.md", "hr/c.md"})
    (bench.root / "docs" / "b.md").rename(bench.root / "docs" / "renamed.md")
    report = bench.sync()
    assert (report.documents.deleted, set(yielding(report))) == (0, {"renamed.md", "hr/c.md"})


def test_a_withheld_mass_delete_promotes_nobody(bench: Workbench) -> None:
    for path in (bench.root / "docs").rglob("*.md"):
        path.unlink()
    report = bench.sync()
    assert (report.documents.withheld, report.documents.deleted, served(bench)) == (4, 0, {"a.md", "d.md"})
    report = bench.sync(confirm_deletes=True)
    assert (served(bench), report.quarantined, standing(bench)) == (set(), 0, ({}, {}))


def test_a_better_document_that_cannot_be_embedded_displaces_nobody(tmp_path: Path) -> None:
    with OpenAIServer(dimension=8) as server:
        bench = Workbench(tmp_path)
        configure(bench, embedder="fake:tiny", models=f"\n{MODELS.format(url=server.base_url)}\n")
        write(bench, "a.md", 1, 0, 1)
        bench.sync()
        server.misbehave(refusing("changed0"))
        write(bench, "better.md", 1, 1, 5)
        report = bench.sync()
        assert ([failure.document for failure in report.failures], served(bench)) == (
            ["docs/better.md"],
            {"a.md"},
        )
        server.behave()
        report = bench.sync()
        assert (report.failures, served(bench), set(yielding(report))) == ((), {"better.md"}, {"a.md"})


def test_another_threshold_hashes_no_text_again(bench: Workbench) -> None:
    folder = bench.root / ".headrace" / "index" / "signatures"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.npy")}
    configure(bench, threshold=1.0)
    report = bench.sync()
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.npy")} == before
    assert (served(bench), report.quarantined) == ({"a.md", "b.md", "hr/c.md", "d.md"}, 0)
    configure(bench)
    assert (bench.sync().embeddings.computed, served(bench)) == (0, {"a.md", "d.md"})


def test_lost_signatures_are_made_again_when_something_changes(bench: Workbench) -> None:
    shutil.rmtree(bench.root / ".headrace" / "index" / "signatures")
    assert (bench.sync().commits, served(bench)) == (0, {"a.md", "d.md"})
    write(bench, "b.md", 3, 0, 5)
    (bench.root / "docs" / "a.md").unlink()
    assert (set(yielding(bench.sync())), served(bench)) == (set(), {"b.md", "hr/c.md", "d.md"})
    write(bench, "b.md", 1, 0, 5)
    assert set(yielding(bench.sync())) == {"hr/c.md"}


def test_a_generation_that_compares_is_whole_beside_one_that_does_not(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    write(bench, "a.md", 1, 0, 3)
    write(bench, "b.md", 1, 1, 2)
    bench.sync()
    configure(bench)
    with bench.open() as workspace:
        assert workspace.index.build().state == "validating"
        other = workspace.index.list().generations[1]
        assert (other.coverage, workspace.index.verify().ok) == (1.0, True)
        workspace.index.cutover(other.generation, force=True, reason="a test")
    write(bench, "a.md", 2, 0, 3)
    report = bench.sync()
    assert (served(bench), report.quarantined, [item.error for item in report.beside]) == (
        {"a.md", "b.md"},
        0,
        [None],
    )
