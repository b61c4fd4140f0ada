"""The generated parts of the pages are what the program says of itself."""

from __future__ import annotations

import subprocess
import sys

from headrace import errors
from headrace.cli.failure import INTERRUPTED, PIPE_CLOSED
from headrace.cli.groups import flat
from headrace.cli.main import _COMMANDS
from tests.docs.pages import DOCS, ROOT, headings, section, tables


def test_the_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/build_docs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_command_has_its_heading() -> None:
    titles = headings(DOCS / "cli.md")
    assert [title for title in titles if title.startswith("headrace ")] == [
        *(f"headrace {name}" for name, _, _ in _COMMANDS),
        *(f"headrace {nouns} {verb}" for nouns, verb in flat()),
    ]


def test_every_exit_code_is_explained() -> None:
    (table,) = tables(section(DOCS / "cli.md", "Exit codes"))
    classes = [item for item in vars(errors).values() if isinstance(item, type)]
    codes = {item.exit_code for item in classes if issubclass(item, errors.HeadraceError)}
    assert {int(row[0]) for row in table} == codes | {0, INTERRUPTED, PIPE_CLOSED}
