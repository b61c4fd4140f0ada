"""docs/runbook.md: every command runs and ends as the page says, section by section."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, Block, blocks
from tests.doors.cli.program import run_program
from tests.doors.server.serving import small_workspace

PAGE = DOCS / "runbook.md"
BLOCKS = [
    pytest.param(block, id=f"{block.section}-{number}")
    for number, block in enumerate(blocks(PAGE, "sh"), start=1)
]
_EXIT = re.compile(r"# exits (\d)")


@pytest.mark.parametrize("block", BLOCKS)
def test_the_commands_end_as_the_page_says(tmp_path: Path, block: Block) -> None:
    bench = small_workspace(tmp_path)
    bench.sync()
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        assert words.pop(0) == "headrace", line
        done = run_program(*words, cwd=bench.root)
        told = _EXIT.search(line)
        assert done.returncode == (int(told[1]) if told else 0), f"{line}\n{done.stdout}{done.stderr}"
