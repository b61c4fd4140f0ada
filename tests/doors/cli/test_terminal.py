"""The program at a terminal: colour, progress, Ctrl-C, and a reader that leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import program_environment  # noqa: F401


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    for number in range(300):
        (tmp_path / "docs" / f"{number}.md").write_text(f"# Page {number}\n\nWords of page {number}.\n")
    (tmp_path / "headrace.toml").write_text('[corpus.docs]\nsources = ["docs"]\nrecipe.embedder = "hash"\n')
    return tmp_path
