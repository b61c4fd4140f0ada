"""How far sources are ahead, what an index owes, and the life of one document."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from headrace.errors import ConfigError, NotFoundError
from headrace.flows.freshness.debt import KINDS
from headrace.flows.freshness.lag import budget_left
from headrace.ledger import documents, listings
from headrace.records.explain import StatusReport
from headrace.records.freshness import Debt, DocumentHistory, SourceFreshness
from tests.workbench import Workbench

SOURCE = '{{ type = "files", path = "docs", freshness = "{}", objective = {} }}'


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """Three documents, synced, with a source that asks for an hour."""
    found = Workbench(tmp_path)
    found.configure(sources=SOURCE.format("1h", 0.9))
    for name in ("a", "b", "c"):
        found.write(f"{name}.md", f"Document {name} tells of herons.")
    found.sync()
    return found


def status(bench: Workbench, *, deep: bool = False) -> StatusReport:
    """How the workspace stands."""
    with bench.open() as workspace:
        return workspace.status(deep=deep)


def source(bench: Workbench) -> SourceFreshness:
    """The one source."""
    (found,) = status(bench).freshness
    return found


def debt(bench: Workbench, kind: str, *, deep: bool = False) -> Debt:
    """One kind of debt."""
    return status(bench, deep=deep).debt[kind]


def history(bench: Workbench, name: str, access: list[str] | None = None) -> DocumentHistory:
    """The life of a document."""
    with bench.open() as workspace:
        return workspace.history(name, access=access)


def test_the_first_listing_is_no_change_and_later_ones_are(bench: Workbench) -> None:
    first = source(bench)
    assert (first.changes, first.budget_left, first.target_seconds, first.documents) == (0, 1.0, 3600.0, 3)
    bench.write("a.md", "Document a tells of cranes.")
    bench.write("d.md", "Document d is new.")
    bench.sync()
    found = source(bench)
    assert (found.changes, found.late, found.breached, found.waiting) == (2, 0, False, 0)
    (day,) = found.days
    assert day.changes == 2
    assert 0 < day.mean_lag_seconds <= day.max_lag_seconds
    bench.sync()
    assert source(bench).changes == 2


def test_changes_that_come_late_use_up_the_budget(bench: Workbench) -> None:
    bench.configure(sources=SOURCE.format("0s", 0.5))
    bench.write("a.md", "Document a tells of cranes.")
    bench.sync()
    found = source(bench)
    assert (found.changes, found.late, found.budget_left, found.breached) == (1, 1, 0.0, True)


@pytest.mark.parametrize(
    ("changes", "late", "left"), [(0, 0, 1.0), (100, 0, 1.0), (100, 5, 0.5), (100, 20, 0.0), (0, 1, 0.0)]
)
def test_the_budget_is_what_the_objective_allows(changes: int, late: int, left: float) -> None:
    assert budget_left(changes, late, 0.9) == pytest.approx(left)


def test_a_source_that_cannot_be_listed_falls_behind(bench: Workbench) -> None:
    with bench.open() as workspace, workspace.ledger.read() as conn:
        before = listings.load(conn, "docs")["docs"]
    shutil.rmtree(bench.root / "docs")
    bench.sync()
    with bench.open() as workspace, workspace.ledger.read() as conn:
        after = listings.load(conn, "docs")["docs"]
    assert after.complete_at_us == before.complete_at_us
    assert after.tried_at_us > before.tried_at_us
    assert "docs" in source(bench).reason
    ghosts = debt(bench, "ghost")
    assert (ghosts.count, ghosts.documents) == (3, ("docs/docs/a.md", "docs/docs/b.md", "docs/docs/c.md"))
    assert ghosts.oldest_seconds is not None
    with bench.open() as workspace, workspace.ledger.read() as conn:
        since = [row.since_us for row in listings.absent(conn, "docs")]
    bench.sync()
    with bench.open() as workspace, workspace.ledger.read() as conn:
        assert [row.since_us for row in listings.absent(conn, "docs")] == since
    for name in ("a", "b", "c"):
        bench.write(f"{name}.md", f"Document {name} tells of herons.")
    bench.sync()
    assert debt(bench, "ghost") == Debt()


def test_a_source_that_was_never_listed_is_behind(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.configure(sources=SOURCE.format("1h", 0.9))
    found = source(bench)
    assert (found.lag_seconds, found.breached, found.reason) == (None, True, "never listed")
    assert status(bench).debt == dict.fromkeys(KINDS, Debt())


def test_what_fails_is_missing_or_stale_and_weighed_by_its_use(bench: Workbench) -> None:
    bench.write("new.pdf", "%PDF-1.4 damaged")
    with bench.open() as workspace:
        workspace.search("document a herons", k=1)
        workspace.search("document a herons", k=1)
    (bench.root / "docs" / "a.md").write_bytes(b"\x00\x01 no text \x00" * 50)
    bench.sync()
    missing, stale = debt(bench, "missing"), debt(bench, "stale")
    assert (missing.count, missing.weight, missing.documents) == (1, 0, ("docs/docs/new.pdf",))
    assert (stale.count, stale.weight, stale.documents) == (1, 2, ("docs/docs/a.md",))
    assert stale.oldest_seconds is not None
    found = source(bench)
    assert found.waiting == 2
    assert found.lag_seconds is not None
    assert found.waiting_seconds is not None
    assert found.lag_seconds >= found.waiting_seconds


def test_a_change_of_access_rules_is_owed_until_the_next_sync(bench: Workbench) -> None:
    extra = '[corpus.docs.access]\n"a.md" = ["staff"]\n"*" = ["public"]\n'
    bench.configure(sources=SOURCE.format("1h", 0.9), extra=extra)
    assert debt(bench, "permission_stale").documents == ("docs/docs/a.md",)
    bench.sync()
    assert debt(bench, "permission_stale").count == 0


def test_rows_of_another_revision_are_found_by_looking_at_each(bench: Workbench) -> None:
    assert debt(bench, "wrong_version", deep=True).count == 0
    with bench.open() as workspace:
        with workspace.ledger.read() as conn:
            generation = workspace.releases.generation(conn, "docs") or ""
            state = documents.lookup(conn, generation, ["docs/a.md"])["docs/a.md"]
        changed = state._replace(revision="rev_other")
        workspace.ledger.write(lambda tx: documents.put(tx, generation, [changed]))
    assert debt(bench, "wrong_version").count == 0
    assert debt(bench, "wrong_version", deep=True).count == 1
    assert debt(bench, "stale").documents == ("docs/docs/a.md",)


def test_an_index_that_cannot_be_read_is_said_and_not_raised(bench: Workbench) -> None:
    shutil.rmtree(bench.root / ".headrace" / "index")
    assert "cannot be opened" in debt(bench, "unindexed").note


def test_the_life_of_a_document(bench: Workbench) -> None:
    bench.write("a.md", "Document a tells of cranes.")
    bench.sync()
    (bench.root / "docs" / "a.md").rename(bench.root / "docs" / "moved.md")
    bench.sync()
    with bench.open() as workspace:
        workspace.deprecate("moved.md", by="b.md", reason="see b")
        workspace.ask("What does document a tell of cranes?")
    (bench.root / "docs" / "b.md").unlink()
    bench.sync()
    gone, moved = history(bench, "docs/a.md"), history(bench, "moved.md")
    assert [step.event for step in gone.steps] == ["indexed", "indexed", "moved"]
    assert (gone.state, gone.steps[2].detail) == ("absent", {"moved_to": "docs/moved.md"})
    assert len({step.revision for step in gone.steps}) == 3
    first = moved.steps[0]
    assert (first.event, first.detail) == ("indexed", {"moved_from": "docs/a.md"})
    assert first.listed_at_us is not None
    assert first.listed_at_us < first.at_us
    assert first.run_id is not None
    assert (moved.state, moved.marks, moved.labels) == ("live", ("superseded", "deprecated"), ("public",))
    assert moved.retrieved >= 1
    assert moved.steps[1].detail["reason"] == "see b"
    assert [step.event for step in history(bench, "docs/b.md").steps] == ["indexed", "deleted"]
    with pytest.raises(NotFoundError):
        history(bench, "nothing.md")


def test_a_failure_is_told_once_for_each_way_to_fail(bench: Workbench) -> None:
    (bench.root / "docs" / "a.md").write_bytes(b"\x00\x01 no text \x00" * 50)
    bench.sync()
    bench.sync(verify=True)
    found = history(bench, "a.md")
    assert [step.event for step in found.steps] == ["indexed", "failed"]
    assert found.failure is not None
    assert found.failure["stage"] == "parse"


def test_a_history_obeys_access_labels(bench: Workbench) -> None:
    extra = '[corpus.docs.access]\n"b.md" = ["staff"]\n"*" = ["public"]\n'
    bench.configure(sources=SOURCE.format("1h", 0.9), extra=extra)
    bench.sync()
    with bench.open() as workspace:
        workspace.deprecate("a.md", by="b.md")
    with pytest.raises(NotFoundError):
        history(bench, "b.md", [])
    outside, inside = history(bench, "a.md", []), history(bench, "a.md", ["staff"])
    assert (outside.superseded_by, inside.superseded_by) == (None, "docs/b.md")
    assert "by" not in outside.steps[-1].detail
    assert history(bench, "b.md", ["staff"]).supersedes == ("docs/a.md",)


@pytest.mark.parametrize("keys", ['freshness = "soon"', "objective = 1", "objective = true"])
def test_what_cannot_be_asked_of_a_source_is_refused(bench: Workbench, keys: str) -> None:
    bench.configure(sources=f'{{ type = "files", path = "docs", {keys} }}')
    with pytest.raises(ConfigError, match=keys.split()[0]):
        bench.open()


def test_files_in_git_are_as_old_as_their_last_commit(bench: Workbench) -> None:
    git = ["git", "-C", str(bench.root / "docs"), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    dated = ["--date", "2020-01-02T00:00:00Z", "-q", "-m", "first"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "a.md"], check=True)
    subprocess.run([*git, "commit", *dated], check=True, env={"GIT_COMMITTER_DATE": "2020-01-02T00:00:00Z"})
    bench.configure(sources='{ type = "files", path = "docs", dates = "git" }')
    bench.write("a.md", "Document a tells of herons.\n")
    bench.sync()
    with bench.open() as workspace:
        hits = {hit.document: hit for hit in workspace.search("herons").hits}
    assert hits["docs/a.md"].modified_at == "2020-01-02T00:00:00Z"
    assert hits["docs/a.md"].age_days is not None
    assert hits["docs/a.md"].age_days > 2000
    assert hits["docs/b.md"].modified_at != "2020-01-02T00:00:00Z"


def test_dates_from_git_without_git_are_a_failure_that_is_told(bench: Workbench) -> None:
    bench.configure(sources='{ type = "files", path = "docs", dates = "git" }')
    report = bench.sync()
    assert report.documents.deleted == 0
    assert ["git" in failure.error for failure in report.failures] == [True]
