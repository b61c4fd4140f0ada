"""`headrace init` as a program."""

from __future__ import annotations

import json
from pathlib import Path

from tests.doors.cli.program import Program


def test_makes_a_workspace_and_says_what_is_next(headrace: Program, tmp_path: Path) -> None:
    (tmp_path / "help").mkdir()
    done = headrace("init", "w", "--source", "help", "--source", "nowhere/*.md", cwd=tmp_path)
    assert done.returncode == 0
    assert f"Made {tmp_path}/w/headrace.toml" in done.stdout
    assert "Next: cd w && headrace sync" in done.stdout
    assert f"There is nothing at {tmp_path}/nowhere/*.md yet." in done.stderr
    assert (tmp_path / "w" / "headrace.toml").is_file()


def test_json(headrace: Program, tmp_path: Path) -> None:
    done = headrace("init", tmp_path / "w", "--json", cwd=tmp_path)
    assert json.loads(done.stdout) == {
        "workspace": str(tmp_path / "w"),
        "config": str(tmp_path / "w" / "headrace.toml"),
        "corpora": {"docs": ["docs"]},
        "missing": [],
    }


def test_refuses_to_overwrite(headrace: Program, tmp_path: Path) -> None:
    assert headrace("init", tmp_path).returncode == 0
    before = (tmp_path / "headrace.toml").read_text()
    again = headrace("init", tmp_path, "--source", "other", "--json")
    assert again.returncode == 2
    assert "exists already" in json.loads(again.stdout)["error"]["message"]
    assert (tmp_path / "headrace.toml").read_text() == before
