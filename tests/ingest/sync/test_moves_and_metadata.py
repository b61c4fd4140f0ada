"""Moves cost no embedding, metadata alone costs none either, and overlapping sources list a document once."""

from __future__ import annotations

import json
from pathlib import Path

from tests.workbench import Workbench


def test_a_move_costs_no_embedding_and_one_commit(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    for number in range(20):
        bench.write(f"{number}.md", f"Document {number} about herons.")
    bench.sync()
    for number in range(5):
        (bench.root / "docs" / f"{number}.md").rename(bench.root / "docs" / f"moved-{number}.md")
    report = bench.sync()
    assert (report.documents.moved, report.embeddings.computed, report.commits) == (5, 0, 1)
    assert report.chunks.total == 20


def test_a_copy_is_no_move(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("a.md", "A document about herons.")
    bench.sync()
    bench.write("b.md", "A document about herons.")
    report = bench.sync()
    assert (report.documents.added, report.documents.moved, report.embeddings.computed) == (1, 0, 0)


def test_changed_metadata_embeds_nothing(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    records = tmp_path / "items.jsonl"
    source = '{ type = "records", path = "items.jsonl", id = "id", text = ["body"], metadata = ["year"] }'
    bench.configure(sources=source)

    def write(year: int) -> None:
        lines = [
            json.dumps({"id": number, "body": f"Item {number} about herons.", "year": year})
            for number in range(3)
        ]
        records.write_text("\n".join(lines), encoding="utf-8")

    write(2020)
    first = bench.sync()
    assert first.documents.added == 3
    write(2021)
    second = bench.sync()
    assert (second.documents.updated, second.embeddings.computed) == (3, 0)
    assert second.digest != first.digest
    with bench.open() as workspace:
        assert len(workspace.search("herons", filter="year = 2021").hits) == 3
        assert workspace.search("herons", filter="year = 2020").hits == ()


def test_overlapping_sources_list_a_document_once(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.configure(sources='"docs", "docs/**/*.md"')
    bench.write("a.md", "A document about herons.")
    report = bench.sync()
    assert (report.documents.added, report.chunks.total) == (1, 1)


def test_touching_a_file_changes_nothing(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    path = bench.write("a.md", "A document about herons.")
    first = bench.sync()
    path.touch()
    second = bench.sync()
    assert (second.documents.unchanged, second.commits) == (1, 0)
    assert second.digest == first.digest


def test_a_change_that_hides_behind_its_stamp_is_found_by_verify(tmp_path: Path) -> None:
    import os

    bench = Workbench(tmp_path)
    path = bench.write("a.md", "A document about herons.")
    bench.sync()
    with bench.open() as workspace:
        same = workspace.sync()
        assert same.documents.unchanged == 1
    before = path.stat()
    path.write_text("A document about cranes.", encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with bench.open() as workspace:
        assert workspace.sync(verify=True).documents.updated == 1
