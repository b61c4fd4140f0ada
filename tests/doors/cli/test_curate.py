"""`headrace curate` as a user runs it: scripts, a review at a terminal, a page."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from headrace.cli.main import run
from tests.curate.traffic import asked, send
from tests.doors.cli.program import COMMAND, Program, program_environment
from tests.workbench import Workbench

QUESTIONS = ("Where do herons nest?", "Who owns the mill?", "What is the fee?", "When is it open?")


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    bench = Workbench(tmp_path)
    with bench.open() as workspace:
        send(workspace, *(asked(text, "Nothing.", grounded=False) for text in QUESTIONS))
    return bench


def test_scripts_run_decide_and_report(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(bench.root)

    def told(*arguments: str) -> dict[str, object]:
        assert run(["curate", *arguments, "--json"]) == 0, arguments
        found: dict[str, object] = json.loads(capsys.readouterr().out)
        return found

    assert told("run")["items"] == 4
    listed = told("list")["items"]
    assert isinstance(listed, list)
    one, two, three, four = (item["id"] for item in listed)
    assert told("accept", one, "--expected", "By the river.")["state"] == "edited"
    assert told("reject", two, "--note", "off topic")["state"] == "rejected"
    assert told("merge", three, "--into", four)["state"] == "merged"
    assert told("skip", four)["state"] == "skipped"
    told("assign", four, "--owner", "support")
    assert told("show", four)["item"]["owner"] == "support"  # type: ignore[index]
    assert told("coverage")["queries"] == 4
    told("gaps", "--fewest", "1", "--draft", "1")
    told("history")
    assert run(["curate", "report", "--html", "patterns.html"]) == 0
    page = (bench.root / "patterns.html").read_text()
    assert "Patterns of failures" in page
    assert "http" not in page.replace("http-equiv", "")  # it loads nothing
    for words in (["run"], ["list"], ["show", four], ["coverage"], ["gaps"], ["history"], ["report"]):
        capsys.readouterr()
        assert run(["curate", *words]) == 0
        shown = capsys.readouterr().out
        assert shown
        assert all(len(line) <= 100 for line in shown.splitlines() if "draft_" not in line)
    assert run(["curate", "accept", two]) == 2
    assert run(["curate", "report", "--html", "nowhere/x.html"]) == 2
    assert "headrace curate list" in capsys.readouterr().err


def test_a_review_needs_a_terminal(headrace: Program, bench: Workbench) -> None:
    done = headrace("curate", "review", cwd=bench.root)
    assert done.returncode == 2
    assert "terminal" in done.stderr


def test_a_review_decides_with_a_key_and_can_be_left(bench: Workbench) -> None:
    with bench.open() as workspace:
        workspace.curation.run()
    editor = bench.root / "editor.py"
    editor.write_text("import sys; open(sys.argv[1], 'w').write('By the river.')\n")
    written = _review(bench.root, "aesq", editor=f"{sys.executable} {editor}")
    assert "a accept" in written
    assert "The rest waits." in written
    with bench.open() as workspace:
        states = ["accepted", "edited", "skipped", "new"]
        found = [item.state for item in workspace.curation.list(states=states).items]
        assert sorted(found) == ["accepted", "edited", "new", "skipped"]
        (item,) = workspace.curation.list(states=["edited"]).items
        assert item.expected == "By the river."


def _review(root: Path, keys: str, *, editor: str) -> str:
    """Press each key once its question stands there; gives all that was written."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "curate", "review"],
        cwd=root,
        env=program_environment({"EDITOR": editor, "VISUAL": ""}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    written = ""
    waiting = list(keys)
    give_up = time.monotonic() + 90
    while time.monotonic() < give_up:
        if select.select([ours], [], [], 0.05)[0]:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            written += part.decode()
        elif waiting and written.count("q quit") > len(keys) - len(waiting) and _takes_keys(ours):
            os.write(ours, waiting.pop(0).encode())
    else:
        process.kill()
    os.close(ours)
    assert process.wait(timeout=60) == 0, written
    return written


def _takes_keys(terminal: int) -> bool:
    """Whether single keys are read: what is typed before that is thrown away."""
    return not termios.tcgetattr(terminal)[3] & termios.ICANON
