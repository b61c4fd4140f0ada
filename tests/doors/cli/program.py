"""The real program, run as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.processes import run_in

Program = Callable[..., subprocess.CompletedProcess[str]]
"""Runs `headrace` with arguments, in a folder (`cwd`), with extra environment variables (keywords)."""

COMMAND = (sys.executable, "-m", "headrace")
_MAIN = "from headrace.cli.main import main; main()"


def program_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process without what would colour or steer the program."""
    steering = ("HEADRACE_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    return {**kept, "TERM": "xterm-256color", **extra}


def run_program(
    *arguments: str | Path, cwd: Path | None = None, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run to the end and give exit code, stdout and stderr.

    A process of its own, forked after the imports; `run_command` spends the seconds they take.
    """
    return run_in(program_environment(extra), _MAIN, *map(str, arguments), cwd=cwd)


def run_command(
    *arguments: str | Path, cwd: Path | None = None, **extra: str
) -> subprocess.CompletedProcess[str]:
    """The same by the command itself, as an operating system starts it."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=program_environment(extra),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
