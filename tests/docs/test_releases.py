"""docs/releases.md: what it shows is what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from headrace.cli.main import run
from headrace.ship.bundle import Release
from tests.docs.pages import DOCS, blocks, read
from tests.flows.releases.bundles import bundle_workspace
from tests.prompt_files import change

PAGE = DOCS / "releases.md"
_EXIT = re.compile(r"# exits (\d)")


def test_the_commands_end_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = bundle_workspace(tmp_path)
    monkeypatch.chdir(tmp_path)
    made = ""
    for line in (line for block in blocks(PAGE, "sh") for line in block.text.splitlines()):
        if "after another promotion" in line:
            change(tmp_path, "prompts/sort.md", "Sort the ticket.", "Sort it well.")
            with bench.open() as workspace:
                other = workspace.release.create(prompts=["sort"]).release.release
                workspace.release.promote(other, force=True, reason="another")
        words = [made if word.startswith("release_") else word for word in shlex.split(line, comments=True)]
        expected = _EXIT.search(line)
        if expected:
            with bench.open() as workspace:
                workspace.prompts.label("answer", "production", reason="without a release")
                workspace.search("mill")
        assert run(words[1:]) == (int(expected[1]) if expected else 0), line
        printed = capsys.readouterr().out
        made = made or printed.split()[0]
        for word in ("waiting", "unreached") if "loop" in words else ():
            assert word not in printed
    (program,) = blocks(PAGE, "py")
    exec(program.text, {})
    assert capsys.readouterr().out == "True\n"


def test_the_page_is_found_and_leaves_no_pin_out() -> None:
    assert "docs/releases.md" in read(DOCS.parent / "README.md")
    text = " ".join(read(PAGE).split())
    for word in ("prompts", "schemas", "models", "feature views", "personal data", "`contracts` is empty"):
        assert word in text
    assert Release.__dataclass_fields__["contracts"].default_factory is dict
