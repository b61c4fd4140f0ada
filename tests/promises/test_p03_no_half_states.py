"""P3: a reader sees a document's old revision or its new one, never a mix, never a gap."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from headrace.errors import DiskFull
from tests.workbench import Workbench, rows

DOCUMENTS = 6
PARAGRAPHS = 5


def _text(number: int, revision: int) -> str:
    return "\n\n".join(
        f"Heron paragraph {part} of document {number} in revision r{revision} " + "filler words here " * 8
        for part in range(PARAGRAPHS)
    )


def test_readers_never_see_a_mix_or_a_gap(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    for number in range(DOCUMENTS):
        bench.write(f"{number}.md", _text(number, 0))
    bench.sync()
    problems: list[str] = []
    searches = 0
    done = threading.Event()

    def read() -> None:
        nonlocal searches
        with bench.open() as reader:
            while not done.is_set():
                hits = reader.search("heron paragraph", k=200).hits
                searches += 1
                seen: dict[str, set[str]] = {}
                for hit in hits:
                    seen.setdefault(hit.document, set()).add(hit.revision)
                problems.extend(f"mixed: {name}" for name, revisions in seen.items() if len(revisions) > 1)
                missing = {f"docs/{number}.md" for number in range(DOCUMENTS)} - set(seen)
                problems.extend(f"gap: {name}" for name in missing)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        with bench.open() as writer:
            for revision in range(1, 9):
                for number in range(DOCUMENTS):
                    bench.write(f"{number}.md", _text(number, revision))
                assert writer.sync().documents.updated == DOCUMENTS
    finally:
        done.set()
        thread.join()
    assert searches > 5
    assert problems == []


def test_two_syncs_at_once_leave_what_one_would(tmp_path: Path) -> None:
    bench = Workbench(tmp_path / "twice")
    for number in range(40):
        bench.write(f"{number}.md", _text(number, 0))
    processes = [bench.start_sync() for _ in range(2)]
    reports = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        reports.append(json.loads(out))
    assert sorted(report["documents"]["added"] for report in reports) == [0, 40]
    alone = Workbench(tmp_path / "once")
    for number in range(40):
        alone.write(f"{number}.md", _text(number, 0))
    assert {report["digest"] for report in reports} == {alone.sync().digest}
    found = bench.rows()
    assert len(found) == len({row["chunk_id"] for row in found}) == len(alone.rows())


def test_a_document_that_no_longer_parses_goes_on_serving(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("page.md", "The old revision about herons.")
    bench.write("other.md", "Another document.")
    bench.sync()
    (bench.root / "docs" / "page.md").write_bytes(b"\x00\x01\x02 binary now \x00")
    bench.write("other.md", "Another document, edited.")
    report = bench.sync()
    assert [failure.document for failure in report.failures] == ["docs/page.md"]
    assert (report.documents.updated, report.documents.failed) == (1, 1)
    with bench.open() as workspace:
        hit = next(
            hit for hit in workspace.search("old revision herons").hits if hit.document == "docs/page.md"
        )
        assert "old revision" in hit.text
        (failure,) = workspace.status().corpora[0].failures
        assert failure["stage"] == "parse"
    again = bench.sync()
    assert again.documents.failed == 1, "a failure that stands is not forgotten"
    bench.write("page.md", "Readable again.")
    healed = bench.sync()
    assert (healed.documents.updated, healed.documents.failed) == (1, 0)
    with bench.open() as workspace:
        assert workspace.status().corpora[0].failures == ()


def test_a_new_recipe_serves_only_when_it_holds_all_that_serves(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("page.md", "A page about herons.")
    bench.write("fragile.md", "A page about cranes.")
    before = bench.sync()
    (bench.root / "docs" / "fragile.md").write_bytes(b"\x00 binary \x00")
    bench.configure(chunk_tokens=16)
    held = bench.sync()
    assert "goes on serving" in held.withheld_reason
    with bench.open() as workspace:
        found = workspace.search("cranes herons")
        assert found.generation == before.generation
        assert {hit.document for hit in found.hits} == {"docs/page.md", "docs/fragile.md"}
    bench.write("fragile.md", "A page about cranes, mended.")
    after = bench.sync()
    assert after.withheld_reason == ""
    with bench.open() as workspace:
        assert workspace.search("cranes").generation == after.generation != before.generation


@pytest.mark.parametrize("failpoint", ["sync.before_index_commit", "sync.embeddings_stored"])
def test_a_full_disk_leaves_what_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failpoint: str
) -> None:
    bench = Workbench(tmp_path)
    bench.write("page.md", "The old revision about herons.")
    bench.sync()
    bench.write("page.md", "The new revision about herons.")
    monkeypatch.setenv("HEADRACE_FAILPOINTS", f"{failpoint}=enospc")
    with bench.open() as workspace, pytest.raises((DiskFull, OSError)):
        workspace.sync()
    monkeypatch.delenv("HEADRACE_FAILPOINTS")
    with bench.open() as workspace:
        assert "old revision" in rows(workspace)[0]["text"]
        assert workspace.status().corpora[0].last_run_state == "failed"
    bench.sync()
    assert "new revision" in bench.rows()[0]["text"]
