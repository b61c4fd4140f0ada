"""Every error: message and hint, or one JSON document; never a traceback; the right exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.doors.cli.program import Program

WRONG_USAGE = [
    (["sycn"], "Did you mean 'sync'?"),
    (["search"], "QUERY"),
    (["search", "x", "-k", "0"], "-k"),
    (["search", "x", "-k", "many"], "-k"),
    (["sync", "--colour"], "--colour"),
    (["serve", "--port", "99999"], "--port"),
    (["--frobnicate", "sync"], "--frobnicate"),
    (["init"], "DIR"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG_USAGE)
def test_wrong_usage(headrace: Program, arguments: list[str], words: str) -> None:
    told = headrace(*arguments)
    assert (told.returncode, told.stdout) == (2, "")
    assert words in told.stderr
    assert "--help" in told.stderr
    assert "Traceback" not in told.stderr
    as_json = headrace(*arguments, "--json")
    assert (as_json.returncode, as_json.stderr) == (2, "")
    error = json.loads(as_json.stdout)["error"]
    assert set(error) == {"type", "message", "hint", "details"}
    assert error["type"] == "UsageError"
    assert words in error["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan"],
        ["sync"],
        ["search", "x"],
        ["ask", "x"],
        ["status"],
        ["why", "x"],
        ["at", "now"],
        ["serve"],
        ["mcp"],
    ],
)
def test_outside_a_workspace(headrace: Program, tmp_path: Path, arguments: list[str]) -> None:
    as_json = headrace(*arguments, "--json", cwd=tmp_path)
    assert (as_json.returncode, as_json.stderr) == (2, "")
    error = json.loads(as_json.stdout)["error"]
    assert error["type"] == "WorkspaceNotFound"
    assert repr(str(tmp_path)) in error["message"]
    assert repr(str(tmp_path.parent)) in error["message"]
    assert "headrace init" in error["hint"]


@pytest.mark.parametrize("form", ["before", "after", "environment"])
def test_a_named_workspace_is_not_looked_for_above(headrace: Program, tmp_path: Path, form: str) -> None:
    (tmp_path / "headrace.toml").write_text("")
    (tmp_path / "below").mkdir()
    below = str(tmp_path / "below")
    done = {
        "before": lambda: headrace("--workspace", below, "status", cwd=tmp_path),
        "after": lambda: headrace("status", "--workspace", below, cwd=tmp_path),
        "environment": lambda: headrace("status", cwd=tmp_path, HEADRACE_WORKSPACE=below),
    }[form]()
    assert done.returncode == 2
    assert f"Looked in: {below!r}." in done.stderr


def test_a_wrong_key_names_file_and_line(headrace: Program, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text('[corpus.docs]\nsorces = ["docs"]\n')
    told = headrace("status", cwd=tmp_path)
    assert told.returncode == 2
    assert told.stderr == (
        f"{tmp_path / 'headrace.toml'}:2: `corpus.docs.sorces` is not a known key. "
        "Allowed: access, budget, default_labels, gates, metadata, probe_floor, probes, quality, ranking, "
        "recipe, sentinels, sources, steps.\nDid you mean 'sources'?\n"
    )
    details = json.loads(headrace("status", "--json", cwd=tmp_path).stdout)["error"]["details"]
    assert details == {"key": "corpus.docs.sorces", "file": str(tmp_path / "headrace.toml"), "line": "2"}


def test_an_unknown_corpus_and_no_corpus(headrace: Program, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text("")
    assert "No corpus is configured" in headrace("sync", cwd=tmp_path).stderr
    (tmp_path / "headrace.toml").write_text('[corpus.docs]\nsources = ["docs"]\n')
    done = headrace("sync", "--corpus", "dogs", cwd=tmp_path)
    assert done.returncode == 2
    assert "No corpus 'dogs'. Known: 'docs'." in done.stderr


def test_control_sequences_of_a_name_do_not_reach_the_terminal(headrace: Program, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text('"\\u001b[31mred\\u202e" = 1\n')
    done = headrace("status", cwd=tmp_path)
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\u202e" not in done.stderr
    assert "red" in done.stderr


def test_an_unexpected_error_is_short_until_asked(headrace: Program, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text('[corpus.docs]\nsources = ["docs"]\n')
    (tmp_path / ".headrace").write_text("a file where a folder belongs")
    done = headrace("status", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 4
    assert done.stderr.strip()
    assert "Traceback" in headrace("status", cwd=tmp_path, HEADRACE_DEBUG="1").stderr
