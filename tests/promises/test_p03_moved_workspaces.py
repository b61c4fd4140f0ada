"""P3: a workspace that is moved or copied serves and writes where it lies now."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.workbench import Workbench


def _found(bench: Workbench, query: str) -> set[str]:
    with bench.open() as workspace:
        return {hit.document for hit in workspace.search(query).hits}


def test_a_copy_does_not_write_into_the_original(tmp_path: Path) -> None:
    first = Workbench(tmp_path / "first")
    first.configure()
    first.write("one.md", "Herons nest by the mill.")
    first.sync()
    files = sorted(map(str, (tmp_path / "first/.headrace/index").rglob("*")))
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    second = Workbench(tmp_path / "second")
    second.write("two.md", "Kingfishers nest by the river.")
    assert second.sync().documents.added == 1
    assert _found(second, "nest") == {"docs/one.md", "docs/two.md"}
    assert _found(first, "nest") == {"docs/one.md"}
    assert sorted(map(str, (tmp_path / "first/.headrace/index").rglob("*"))) == files


def test_a_moved_workspace_serves_and_goes_on(tmp_path: Path) -> None:
    bench = Workbench(tmp_path / "here")
    bench.configure()
    bench.write("one.md", "Herons nest by the mill.")
    bench.sync()
    shutil.move(tmp_path / "here", tmp_path / "there")
    moved = Workbench(tmp_path / "there")
    assert _found(moved, "nest") == {"docs/one.md"}
    moved.write("two.md", "Kingfishers nest by the river.")
    report = moved.sync()
    assert (report.documents.added, report.documents.unchanged, report.embeddings.computed) == (1, 1, 1)
    assert not (tmp_path / "here").exists()
