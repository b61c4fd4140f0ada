"""P2: a signal that was confirmed is there; one that was killed on its way can be sent again and is one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from headrace.ledger.failpoints import NAMES
from headrace.observe.signals import collect as _collect  # noqa: F401 - it declares the failpoints
from headrace.records.signals import Signal
from tests.processes import run_python
from tests.workbench import Workbench, was_killed

FAILPOINTS = sorted(name for name in NAMES if name.startswith("signals."))
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
_ADD = """\
import sys, headrace
with headrace.open(sys.argv[1]) as workspace:
    workspace.signals.add(sys.argv[2], "thumbs", "down", id=sys.argv[3], comment="no")
    print("confirmed")
"""


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_kill_and_send_again(tmp_path: Path, failpoint: str) -> None:
    _kill_and_send_again(tmp_path, failpoint)


def test_so_it_is_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    _kill_and_send_again(tmp_path, "signals.committed", ledger=postgres_url)


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("failpoint", [*FAILPOINTS, "ledger.before_commit"])
def test_full_matrix(tmp_path: Path, postgres_url: str, failpoint: str) -> None:
    _kill_and_send_again(tmp_path, failpoint, ledger=postgres_url)


def _kill_and_send_again(root: Path, failpoint: str, *, ledger: str | None = None) -> None:
    bench = Workbench(root)
    bench.configure(ledger=ledger)
    _send(bench, "one")
    killed = _add(bench, "two", failpoints=failpoint)
    assert was_killed(killed)
    assert killed.stdout == ""
    kept = 2 if failpoint.endswith("committed") else 1
    assert [item.comment for item in _signals(bench)] == ["no"] * kept
    for name in ("one", "two"):
        _send(bench, name)
    assert len(_signals(bench)) == 2


def _send(bench: Workbench, name: str) -> None:
    with bench.open() as workspace:
        workspace.signals.add(TRACE, "thumbs", "down", id=name, comment="no")


def _signals(bench: Workbench) -> list[Signal]:
    with bench.open() as workspace:
        return list(workspace.signals.list().signals)


def _add(bench: Workbench, name: str, *, failpoints: str) -> subprocess.CompletedProcess[str]:
    return run_python(_ADD, str(bench.root), TRACE, name, failpoints=failpoints)
