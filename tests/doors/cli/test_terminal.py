"""The program at a terminal: colour, progress, Ctrl-C, and a reader that leaves."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.doors.cli.program import COMMAND, Program, program_environment

PAGES = 300


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    for number in range(PAGES):
        (tmp_path / "docs" / f"{number}.md").write_text(f"# Page {number}\n\nWords of page {number}.\n")
    (tmp_path / "headrace.toml").write_text('[corpus.docs]\nsources = ["docs"]\nrecipe.embedder = "hash"\n')
    return tmp_path


def at_a_terminal(*arguments: str, cwd: Path, **extra: str) -> tuple[int, str]:
    """Run with stdout and stderr on a pseudo-terminal; give the exit code and all that was written to it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=cwd, env=program_environment(extra), stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        written += part
    os.close(ours)
    return process.wait(timeout=60), written.decode()


def test_a_terminal_gets_progress_and_colour(workspace: Path) -> None:
    code, written = at_a_terminal("sync", cwd=workspace)
    assert code == 0
    assert "docs: " in written
    assert f"/{PAGES}" in written
    assert "\x1b[32m300 added" in written


def test_no_color_leaves_out_colours(workspace: Path) -> None:
    code, written = at_a_terminal("sync", cwd=workspace, NO_COLOR="1")
    assert code == 0
    assert "300 added" in written
    assert "\x1b[32m" not in written


def test_json_at_a_terminal_is_one_document(workspace: Path) -> None:
    code, written = at_a_terminal("sync", "--json", cwd=workspace)
    assert code == 0
    assert json.loads(written)["documents"]["added"] == PAGES


@pytest.mark.parametrize(
    "arguments", [("search", "page", "-k", "50"), ("search", "page", "-k", "50", "--json")]
)
def test_a_reader_that_leaves_is_no_error(
    headrace: Program, workspace: Path, arguments: tuple[str, ...]
) -> None:
    assert headrace("sync", cwd=workspace).returncode == 0
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=workspace,
        env=program_environment({}),
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (141, b"")


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_ends_with_a_word_and_130(tmp_path: Path, as_json: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as site:
        address = "http://{}:{}/".format(*site.getsockname())
        table = f'[corpus.site]\nsources = ["{address}"]\nrecipe.embedder = "hash"\n'
        (tmp_path / "headrace.toml").write_text(table)
        process = subprocess.Popen(
            [*COMMAND, "sync", *(["--json"] if as_json else [])],
            cwd=tmp_path,
            env=program_environment({}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with site.accept()[0]:  # it asked, and waits for an answer that does not come
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    if as_json:
        assert json.loads(out)["error"]["type"] == "Interrupted"
        assert errors == ""
    else:
        assert out == ""
        assert errors.splitlines()[0] == "Interrupted."
        assert len(errors.splitlines()) == 2
