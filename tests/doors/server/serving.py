"""A real `headrace serve` process over a real small workspace."""

from __future__ import annotations

import queue
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from tests.doors.cli.program import COMMAND, program_environment
from tests.workbench import Workbench

HEADINGS = ["Retention policy", "Backups"]
QUESTION = "How long are backups kept?"
QUOTE = "Backups are kept for 35 days."

_RETENTION = f"""\
# Retention policy

This policy says what is stored and when it goes.

## Backups

{QUOTE} Then they expire.

## Traces

Traces with question and answer text are kept for 30 days.
"""
_ON_CALL = """\
# On call

The engineer on call answers a page within five minutes.

| Severity | Answer within |
|---|---|
| high | 5 minutes |
| low | 1 day |

<script>document.title = "taken"</script>
"""
_SALARIES = "# Salaries\n\nThe salary bands of the finance team are confidential.\n"
_ACCESS = '\n[corpus.docs.access]\n"*salaries*" = ["finance"]\n"*" = ["public"]\n'


def small_workspace(root: Path, *, extra: str = "") -> Workbench:
    """Three documents, one of them for finance only; not synced."""
    bench = Workbench(root)
    bench.configure(extra=_ACCESS + extra)
    bench.write("policies/retention.md", _RETENTION)
    bench.write("on-call.md", _ON_CALL)
    bench.write("salaries.md", _SALARIES)
    return bench


@contextmanager
def serving(root: Path, *options: str) -> Iterator[str]:
    """Serve a workspace on a free port for the length of a block; gives the address, without a last slash."""
    with start(root, "--port", "0", *options) as process:
        try:
            yield printed_address(process)
        finally:
            process.terminate()
            assert process.wait(timeout=30) == 0


def start(root: Path, *options: str) -> subprocess.Popen[str]:
    """Start `headrace serve`."""
    return subprocess.Popen(
        [*COMMAND, "serve", "--workspace", str(root), *options],
        env=program_environment({}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


def printed_address(process: subprocess.Popen[str]) -> str:
    """The address that the program prints once it can be reached."""
    assert process.stdout is not None
    line = _line(process.stdout)
    found = re.search(r"http://\S+(?=/ )", line)
    assert found is not None, line
    return found[0]


def client(address: str) -> httpx.Client:
    """An HTTP client that knows no proxy."""
    return httpx.Client(base_url=address, timeout=30, trust_env=False)


def _line(stream: IO[str]) -> str:
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: lines.put(stream.readline()), daemon=True).start()
    return lines.get(timeout=60)
