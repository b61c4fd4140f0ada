"""Help teaches: every command says what it is for, gives an example, and fits the terminal."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from headrace.cli.groups import GROUPS, flat
from tests.doors.cli.program import Program

COMMANDS = (
    "init",
    "plan",
    "sync",
    "search",
    "ask",
    "serve",
    "status",
    "why",
    "at",
    "deprecate",
    "hide",
    "unhide",
    "forget",
    "mcp",
)
GROUPED = list(flat())


def test_the_overview_names_every_command_in_full(headrace: Program) -> None:
    done = headrace("--help")
    assert (done.returncode, done.stderr) == (0, "")
    listed = done.stdout.partition("Commands:\n")[2].partition("\n\n")[0]
    assert re.findall(r"^  ([\w-]+) ", listed, re.MULTILINE) == [*COMMANDS, *(group.name for group in GROUPS)]
    assert "..." not in listed
    assert "Start with: headrace init" in done.stdout
    assert headrace("-h").stdout == headrace().stdout == done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(headrace: Program, command: str) -> None:
    done = headrace(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Example: headrace {command}" in " ".join(done.stdout.split())
    assert "--json" in done.stdout
    assert ("--workspace" in done.stdout) == (command != "init")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


@pytest.mark.parametrize(("noun", "verb"), GROUPED, ids=" ".join)
def test_each_command_of_a_group_explains_itself(headrace: Program, noun: str, verb: str) -> None:
    done = headrace(*noun.split(), verb, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Example: headrace {noun} {verb}" in " ".join(done.stdout.split())
    assert "--json" in done.stdout
    assert "--workspace" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_the_version(headrace: Program) -> None:
    import headrace as package

    assert headrace("--version").stdout == f"headrace {package.__version__}\n"


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys; from headrace.cli.main import run; run(['--help'])\n"
        "heavy = {'numpy', 'lance', 'pyarrow', 'sqlalchemy', 'onnxruntime', 'aiohttp', 'fastapi', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
