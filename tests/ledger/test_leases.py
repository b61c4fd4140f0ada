"""Leases: one holder, growing tokens, fenced publishes, no wait for the dead."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from headrace.errors import LeaseHeld, LeaseLost
from headrace.ledger import leases
from headrace.ledger.holder import describe_self, is_dead
from headrace.ledger.ledger import Ledger
from headrace.ledger.storage.tables.generations import leases as table

_HOLD = """\
import sys, time
from headrace.ledger import leases
from headrace.ledger.ledger import Ledger
with Ledger.open(sys.argv[1]) as ledger:
    lease = leases.acquire(ledger, "corpus/handbook", ttl_seconds=600)
    print(lease.token, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holding_process(ledger: Ledger, ledger_url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lease `corpus/handbook` with token 1."""
    child = subprocess.Popen([sys.executable, "-c", _HOLD, ledger_url], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "1\n"
    yield child
    child.kill()
    child.wait()
    child.stdout.close()


def test_tokens_only_grow(ledger: Ledger) -> None:
    tokens = []
    for _ in range(3):
        with leases.held(ledger, "corpus/a") as lease:
            tokens.append(lease.token)
    with leases.held(ledger, "corpus/b") as other:
        assert other.token == 1
    assert tokens == [1, 2, 3]


def test_a_held_lease_is_refused_to_others_even_of_this_process(ledger: Ledger) -> None:
    with leases.held(ledger, "corpus/a") as lease:
        with pytest.raises(LeaseHeld) as caught:
            leases.acquire(ledger, "corpus/a")
        assert caught.value.details["holder"] == lease.holder
    assert leases.acquire(ledger, "corpus/a").token == 2


def test_threads_take_turns(ledger: Ledger) -> None:
    inside = 0
    most = 0
    tokens: list[int] = []

    def work() -> None:
        nonlocal inside, most
        with leases.held(ledger, "corpus/a", wait_seconds=30) as lease:
            inside += 1
            most = max(most, inside)
            tokens.append(lease.token)
            time.sleep(0.005)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert tokens == [1, 2, 3, 4, 5]


def test_whoever_waits_is_told_for_whom_once(ledger: Ledger) -> None:
    lease = leases.acquire(ledger, "corpus/a")
    told: list[str] = []
    with pytest.raises(LeaseHeld):
        leases.acquire(ledger, "corpus/a", wait_seconds=0.1, on_wait=told.append)
    assert told == [lease.holder]


def test_the_lease_of_a_living_process_is_respected(
    ledger: Ledger, holding_process: subprocess.Popen[str]
) -> None:
    with pytest.raises(LeaseHeld, match=f"pid={holding_process.pid} "):
        leases.acquire(ledger, "corpus/handbook")


@pytest.mark.parametrize("reaped", [True, False])
def test_the_lease_of_a_killed_process_is_taken_over_at_once(
    ledger: Ledger, holding_process: subprocess.Popen[str], reaped: bool
) -> None:
    holding_process.send_signal(signal.SIGKILL)
    if reaped:
        holding_process.wait()
    assert leases.acquire(ledger, "corpus/handbook", wait_seconds=10).token == 2


def test_a_lease_that_ran_out_goes_to_the_next_and_its_old_holder_is_fenced_off(ledger: Ledger) -> None:
    old = leases.acquire(ledger, "corpus/a", ttl_seconds=0.01)
    time.sleep(0.02)
    ledger.write(lambda tx: leases.check(tx, old))  # nobody took it, so it may still publish
    new = leases.acquire(ledger, "corpus/a")
    assert new.token == old.token + 1
    with pytest.raises(LeaseLost):
        ledger.write(lambda tx: leases.check(tx, old))
    with pytest.raises(LeaseLost):
        leases.renew(ledger, old)
    leases.release(ledger, old)
    ledger.write(lambda tx: leases.check(tx, new))


def test_a_released_lease_publishes_nothing_more(ledger: Ledger) -> None:
    with leases.held(ledger, "corpus/a") as lease:
        ledger.write(lambda tx: leases.check(tx, lease))
    with pytest.raises(LeaseLost):
        ledger.write(lambda tx: leases.check(tx, lease))


def test_the_heart_keeps_a_lease_alive(ledger: Ledger) -> None:
    with leases.held(ledger, "corpus/a", ttl_seconds=0.15) as lease:
        first = _expires_us(ledger)
        until = time.monotonic() + 20
        while _expires_us(ledger) == first and time.monotonic() < until:
            time.sleep(0.02)
        assert _expires_us(ledger) > first
        ledger.write(lambda tx: leases.check(tx, lease))


def test_what_a_block_raises_gives_the_lease_back(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), leases.held(ledger, "corpus/a"):
        raise ZeroDivisionError
    assert leases.acquire(ledger, "corpus/a").token == 2


@pytest.mark.parametrize(
    ("fact", "value", "dead"),
    [
        ("nonce", "00000000", False),
        ("host", "elsewhere", False),
        ("boot", "another", False),
        ("space", "1", False),
        ("start", "1", True),
        ("pid", "4194303", True),
    ],
)
def test_only_what_can_be_known_counts_as_dead(fact: str, value: str, dead: bool) -> None:
    facts = dict(part.split("=") for part in describe_self().split(" "))
    if fact in ("host", "boot", "space"):
        facts["pid"] = "4194303"
    facts[fact] = value
    assert is_dead(" ".join(f"{key}={item}" for key, item in facts.items())) is dead


def _expires_us(ledger: Ledger) -> int:
    with ledger.read() as conn:
        return int(conn.execute(sa.select(table.c.expires_us)).scalar_one())
