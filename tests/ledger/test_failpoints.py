"""Failpoints do what the environment says, and nothing without it."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import time

import pytest

from headrace.errors import UsageError
from headrace.ledger import failpoints
from headrace.ledger.failpoints import FailpointError, declare, fire

POINT = declare("test.point")


@pytest.fixture(autouse=True)
def _forget_passes() -> None:
    failpoints._passed.clear()


def test_nothing_happens_unless_armed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(failpoints.VARIABLE, raising=False)
    fire(POINT)
    monkeypatch.setenv(failpoints.VARIABLE, "other.point=raise")
    fire(POINT)


def test_raise_enospc_and_the_nth_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(failpoints.VARIABLE, "a.b, test.point=raise:3")
    fire(POINT)
    fire(POINT)
    with pytest.raises(FailpointError):
        fire(POINT)
    fire(POINT)
    monkeypatch.setenv(failpoints.VARIABLE, "test.point=enospc")
    for _ in range(2):
        with pytest.raises(OSError) as caught:
            fire(POINT)
        assert caught.value.errno == errno.ENOSPC


def test_sleep_takes_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(failpoints.VARIABLE, "test.point=sleep:0.05:1")
    before = time.monotonic()
    fire(POINT)
    assert time.monotonic() - before >= 0.05


@pytest.mark.parametrize(
    "wrong", ["test.point=explode", "test.point=raise:x", "test.point=sleep", "a=kill:1:2"]
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv(failpoints.VARIABLE, wrong)
    with pytest.raises(UsageError, match="kill, raise, sleep, enospc"):
        fire(POINT)


def test_an_undeclared_failpoint_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(failpoints.VARIABLE, "test.point=raise")
    with pytest.raises(UsageError, match="never declared"):
        fire("test.unknown")


def test_kill_ends_the_process_at_once() -> None:
    code = (
        "from headrace.ledger.failpoints import declare, fire\n"
        "name = declare('x')\n"
        "for step in range(3):\n"
        "    print(step, flush=True)\n"
        "    fire(name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={failpoints.VARIABLE: "x:2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["0", "1"]
