"""From a folder to a cited answer that explains itself, by the program, in the shapes scripts rely on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.doors.cli.program import Program, run_command

COUNTS = {"added", "updated", "moved", "deleted", "unchanged", "failed", "withheld", "suppressed"}
DOCUMENTS = {
    "traces.md": "# Traces\n\n## Retention\n\nTraces of the assistant are kept for 30 days.\n",
    "limits.md": "# Limits\n\nThe gateway allows 600 requests a minute for each key.\n",
    "pager.txt": "The pager goes to the second line after fifteen minutes.\n",
    "broken.pdf": "%PDF-1.4 this is not one",
}


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A workspace after its first sync, and what that sync reported."""
    folder = tmp_path_factory.mktemp("synced")
    make_workspace(folder)
    for name, text in DOCUMENTS.items():
        (folder / "docs" / name).write_text(text)
    done = run_command("sync", "--json", cwd=folder)
    assert (done.returncode, done.stderr) == (1, "")
    return folder, json.loads(done.stdout)


def make_workspace(folder: Path, *corpora: str) -> None:
    names = corpora or ("docs",)
    for name in names:
        (folder / name).mkdir()
    tables = [f'[corpus.{name}]\nsources = ["{name}"]\nrecipe.embedder = "hash"\n' for name in names]
    (folder / "headrace.toml").write_text("\n".join(tables))


def loaded(headrace: Program, folder: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = headrace(*arguments, "--json", cwd=folder)
    assert (done.returncode, done.stderr) == (code, "")
    value: dict[str, Any] = json.loads(done.stdout)
    return value


def assert_keys(value: Mapping[str, Any], *names: str) -> None:
    assert set(names) <= set(value)


def test_sync_reports_what_it_did(synced: tuple[Path, dict[str, Any]]) -> None:
    report = synced[1]
    assert_keys(report, "corpus", "run_id", "generation", "digest", "documents", "chunks", "embeddings")
    assert_keys(report, "commits", "seconds", "failures")
    assert set(report["documents"]) == COUNTS
    assert (report["documents"]["added"], report["documents"]["failed"]) == (3, 1)
    assert set(report["chunks"]) == {"added", "deleted", "total"}
    assert set(report["embeddings"]) == {"computed", "reused"}
    (failure,) = report["failures"]
    assert set(failure) == {"document", "stage", "error"}
    assert (failure["document"], failure["stage"]) == ("docs/broken.pdf", "parse")


def test_plan_has_the_same_counts_and_the_cost(
    headrace: Program, synced: tuple[Path, dict[str, Any]]
) -> None:
    report = loaded(headrace, synced[0], "plan", code=1)
    assert_keys(
        report, "corpus", "generation", "digest", "chunks", "embeddings", "failures", "tokens", "cost"
    )
    assert set(report["documents"]) == COUNTS
    assert report["documents"]["unchanged"] == 3
    assert (report["tokens"], report["cost"]) == (0, 0.0)


def test_search(headrace: Program, synced: tuple[Path, dict[str, Any]]) -> None:
    result = loaded(headrace, synced[0], "search", "requests a minute", "-k", "2")
    assert_keys(result, "query", "generation", "trace_id", "hits")
    assert result["query"] == "requests a minute"
    first = result["hits"][0]
    assert_keys(
        first, "rank", "score", "chunk_id", "document", "revision", "text", "span", "page", "headings"
    )
    assert_keys(first, "metadata")
    assert (first["rank"], first["document"], first["headings"]) == (1, "docs/limits.md", ["Limits"])
    start, end = first["span"]
    assert DOCUMENTS["limits.md"][start:end] == first["text"]
    assert len(result["hits"]) <= 2


def test_search_by_filter(headrace: Program, synced: tuple[Path, dict[str, Any]]) -> None:
    folder = synced[0]
    found = loaded(headrace, folder, "search", "the", "--filter", "media_type = 'text/plain'")
    assert {hit["document"] for hit in found["hits"]} == {"docs/pager.txt"}
    error = loaded(headrace, folder, "search", "the", "--filter", "media_type ==== 3", code=2)["error"]
    assert error["type"] == "FilterError"


def test_access_labels_open_documents(headrace: Program, tmp_path: Path) -> None:
    make_workspace(tmp_path)
    for name in ("hr", "board", "open"):
        (tmp_path / "docs" / f"{name}.md").write_text(f"# Salaries\n\nSalaries as {name} sees them.\n")
    with (tmp_path / "headrace.toml").open("a") as file:
        file.write('[corpus.docs.access]\n"docs/hr*" = ["hr"]\n"docs/board*" = ["board"]\n"*" = ["public"]\n')
    assert headrace("sync", cwd=tmp_path).returncode == 0

    def found(*labels: str) -> set[str]:
        given = [part for label in labels for part in ("--access", label)]
        hits = loaded(headrace, tmp_path, "search", "salaries", *given)["hits"]
        return {hit["document"] for hit in hits}

    assert found() == {"docs/open.md"}
    assert found("hr", "board", "public") == {"docs/hr.md", "docs/board.md", "docs/open.md"}


def test_ask_cites_and_why_leads_back_to_the_file(
    headrace: Program, synced: tuple[Path, dict[str, Any]]
) -> None:
    folder = synced[0]
    answer = loaded(headrace, folder, "ask", "How long are traces of the assistant kept?")
    assert_keys(answer, "answer", "citations", "trace_id", "release", "model", "prompt", "generation")
    assert "30 days" in answer["answer"]
    citation = answer["citations"][0]
    assert_keys(citation, "chunk_id", "document", "quote", "span")
    start, end = citation["span"]
    assert DOCUMENTS["traces.md"][start:end] == citation["quote"]
    report = loaded(headrace, folder, "why", answer["trace_id"])
    assert_keys(report, "ref", "kind", "upstream", "downstream")
    assert "docs/traces.md" in json.dumps(report["upstream"])
    assert answer["trace_id"] in json.dumps(
        loaded(headrace, folder, "why", citation["chunk_id"])["downstream"]
    )


def test_at_and_status(headrace: Program, synced: tuple[Path, dict[str, Any]]) -> None:
    folder, report = synced
    at = loaded(headrace, folder, "at", "2100-01-01T00:00:00Z")
    assert report["generation"] in json.dumps(at["refs"])
    assert loaded(headrace, folder, "at", "1990-01-01T00:00:00Z")["refs"] == []
    assert loaded(headrace, folder, "at", "teatime", code=2)["error"]["message"]
    (corpus,) = loaded(headrace, folder, "status")["corpora"]
    assert (corpus["corpus"], corpus["documents"], corpus["generation"]) == ("docs", 3, report["generation"])
    assert [failure["document"] for failure in corpus["failures"]] == ["docs/broken.pdf"]
    assert loaded(headrace, folder, "why", "chunk_nosuch", code=2)["error"]["type"] == "NotFoundError"


def test_people_get_words(headrace: Program, synced: tuple[Path, dict[str, Any]]) -> None:
    folder = synced[0]
    answered = headrace("ask", "How long are traces of the assistant kept?", cwd=folder)
    assert answered.returncode == 0
    assert "[1] docs/traces.md" in answered.stdout
    why = answered.stdout.splitlines()[-1].split()
    assert why[:2] == ["headrace", "why"]
    assert "docs/traces.md" in headrace(*why[1:], cwd=folder).stdout
    found = headrace("search", "requests a minute", cwd=folder)
    assert found.stdout.startswith(" 1 ")
    assert "docs/limits.md\n    Limits\n" in found.stdout
    status = headrace("status", cwd=folder)
    assert "docs/broken.pdf" in status.stdout
    assert "next" in status.stdout
    synced_again = headrace("sync", cwd=folder)
    assert "3 unchanged, 1 failed" in synced_again.stdout
    assert synced_again.stderr == ""
    assert "environment/production" in headrace("at", "2100-01-01T00:00:00Z", cwd=folder).stdout
    for done in (answered, found, status, synced_again):
        assert "\x1b" not in done.stdout
        assert all(line == line.rstrip() for line in done.stdout.splitlines())


def test_a_mass_delete_is_withheld_until_confirmed(headrace: Program, tmp_path: Path) -> None:
    make_workspace(tmp_path)
    for number in range(12):
        (tmp_path / "docs" / f"{number}.md").write_text(f"# Page {number}\n\nWords of page {number}.\n")
    (tmp_path / "docs" / "bad.pdf").write_bytes(b"%PDF-1.4 no")
    assert headrace("sync", cwd=tmp_path).returncode == 1
    for number in range(12):
        (tmp_path / "docs" / f"{number}.md").unlink()
    report = loaded(headrace, tmp_path, "sync", code=3)
    assert (report["documents"]["withheld"], report["chunks"]["total"]) == (12, 12)
    assert "headrace sync --corpus docs --confirm-deletes" in headrace("sync", cwd=tmp_path).stdout
    assert "--confirm-deletes" in headrace("status", cwd=tmp_path).stdout
    confirmed = loaded(headrace, tmp_path, "sync", "--confirm-deletes", code=1)
    assert (confirmed["documents"]["deleted"], confirmed["chunks"]["total"]) == (12, 0)


def test_several_corpora_run_one_after_the_other(headrace: Program, tmp_path: Path) -> None:
    make_workspace(tmp_path, "help", "rules")
    (tmp_path / "help" / "a.md").write_text("# A\n\nHelp text.\n")
    (tmp_path / "rules" / "b.md").write_text("# B\n\nA rule.\n")
    assert [plan["corpus"] for plan in loaded(headrace, tmp_path, "plan")["corpora"]] == ["help", "rules"]
    reports = loaded(headrace, tmp_path, "sync")["corpora"]
    assert [(report["corpus"], report["documents"]["added"]) for report in reports] == [
        ("help", 1),
        ("rules", 1),
    ]
    assert loaded(headrace, tmp_path, "sync", "--corpus", "rules")["corpus"] == "rules"
    assert loaded(headrace, tmp_path, "search", "rule", code=2)["error"]["type"] == "UsageError"


def test_before_the_first_sync_everything_says_what_to_do(headrace: Program, tmp_path: Path) -> None:
    make_workspace(tmp_path)
    assert (
        "nothing synced yet:\n             headrace sync --corpus docs\n"
        in headrace("status", cwd=tmp_path).stdout
    )
    assert "Next: headrace sync\n" in headrace("search", "anything", cwd=tmp_path).stdout
    assert "Next: headrace sync\n" in headrace("ask", "anything?", cwd=tmp_path).stdout
