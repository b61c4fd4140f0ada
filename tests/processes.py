"""Python processes for tests that kill them, each forked from one that has imported what they all import.

A process of its own for each program, with its own environment, killed like any other; only the two seconds
of importing are not spent again.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from tests import forking

_ROOT = Path(__file__).parents[1]
_SECONDS = 120


def run_python(
    program: str,
    *arguments: str,
    failpoints: str = "",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program like `python -c program arguments…`, with failpoints armed, and wait for its end."""
    environment = {**os.environ, "HEADRACE_FAILPOINTS": failpoints, **(env or {})}
    return run_in(environment, program, *arguments, cwd=cwd)


def run_in(
    environment: Mapping[str, str], program: str, *arguments: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program with exactly this environment."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder, name) for name in ("stdout", "stderr")]
        asked = {
            "program": program,
            "arguments": arguments,
            "env": environment,
            "cwd": str(cwd or Path.cwd()),
            "outputs": [str(path) for path in outputs],
        }
        code = _Parent.of_this_process().run(asked)
        stdout, stderr = (path.read_text(encoding="utf-8") for path in outputs)
    return subprocess.CompletedProcess([sys.executable, "-c", program, *arguments], code, stdout, stderr)


class _Parent:
    """The process that the others are forked from."""

    _made: tuple[int, _Parent] | None = None

    def __init__(self) -> None:
        path = os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            [sys.executable, "-m", forking.__name__],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        atexit.register(self._close)

    @classmethod
    def of_this_process(cls) -> _Parent:
        """The one of this test process, started at its first use or after it ended."""
        made = cls._made
        if made is None or made[0] != os.getpid() or made[1]._process.poll() is not None:
            made = cls._made = os.getpid(), cls()
        return made[1]

    def run(self, asked: Mapping[str, object]) -> int:
        """Have a program run; returns its exit code, negative for a signal."""
        told, heard = self._pipe(self._process.stdin), self._pipe(self._process.stdout)
        told.write(json.dumps(asked) + "\n")
        told.flush()
        if not select.select([heard], [], [], _SECONDS)[0]:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(str(asked["program"]), _SECONDS)
        line = heard.readline()
        assert line, "the process that others are forked from has died"
        return int(line)

    @staticmethod
    def _pipe(given: IO[str] | None) -> IO[str]:
        assert given is not None
        return given

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            self._pipe(pipe).close()
        self._process.wait()
