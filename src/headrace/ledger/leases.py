"""One writer at a time: named leases with fencing tokens that only grow."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from headrace.errors import HeadraceError, LeaseHeld, LeaseLost
from headrace.ledger.holder import describe_self, is_dead
from headrace.ledger.storage.tables.generations import leases as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write

TTL_SECONDS = 30.0
"""How long a lease lasts without a heartbeat."""

_LONGEST_PAUSE_SECONDS = 0.5
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write something, until someone else gets a higher token."""

    name: str
    token: int
    """1 is the first; every acquisition of the name adds one."""
    holder: str


def acquire(
    ledger: Ledger,
    name: str,
    *,
    ttl_seconds: float = TTL_SECONDS,
    wait_seconds: float = 0,
    on_wait: Callable[[str], None] | None = None,
) -> Lease:
    """Take a lease, waiting up to `wait_seconds` for it. Raises LeaseHeld.

    A lease whose time ran out is free, and so at once is one whose holder was a process of this machine that
    is dead. `on_wait` gets the holder once, when waiting begins.
    """
    holder = describe_self()
    give_up = time.monotonic() + wait_seconds
    pause = 0.02
    while True:
        taken = ledger.write(lambda tx: _take(tx, name, holder, ttl_seconds))
        if isinstance(taken, Lease):
            return taken
        left = give_up - time.monotonic()
        if left <= 0:
            raise taken
        if on_wait is not None:
            on_wait(str(taken.details["holder"]))
            on_wait = None
        time.sleep(min(pause, left))
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


@contextmanager
def held(
    ledger: Ledger,
    name: str,
    *,
    ttl_seconds: float = TTL_SECONDS,
    wait_seconds: float = 0,
    on_wait: Callable[[str], None] | None = None,
) -> Iterator[Lease]:
    """Hold a lease for the length of a block; a thread keeps it from running out. Raises LeaseHeld."""
    lease = acquire(ledger, name, ttl_seconds=ttl_seconds, wait_seconds=wait_seconds, on_wait=on_wait)
    over = threading.Event()
    heart = threading.Thread(
        target=_beat, args=(ledger, lease, ttl_seconds, over), name=f"headrace-lease-{name}", daemon=True
    )
    heart.start()
    try:
        yield lease
    finally:
        over.set()
        heart.join()
        _release_quietly(ledger, lease)


def check(tx: Write, lease: Lease) -> None:
    """Make sure, inside the transaction that publishes, that the lease is still ours. Raises LeaseLost."""
    statement = sa.select(table.c.token, table.c.holder).where(table.c.name == lease.name)
    row = tx.conn.execute(statement.with_for_update()).one_or_none()
    if row is None or row.token != lease.token or row.holder != lease.holder:
        raise LeaseLost(lease.name)


def require(conn: Connection, lease: Lease) -> None:
    """Look whether the lease is still ours before work that costs; only `check` decides. Raises LeaseLost."""
    statement = sa.select(table.c.token, table.c.holder).where(table.c.name == lease.name)
    row = conn.execute(statement).one_or_none()
    if row is None or row.token != lease.token or row.holder != lease.holder:
        raise LeaseLost(lease.name)


def renew(ledger: Ledger, lease: Lease, *, ttl_seconds: float = TTL_SECONDS) -> None:
    """Let a lease last for its whole time again. Raises LeaseLost."""

    def extend(tx: Write) -> None:
        check(tx, lease)
        expires_us = tx.now_us + _us(ttl_seconds)
        tx.conn.execute(sa.update(table).where(table.c.name == lease.name).values(expires_us=expires_us))

    ledger.write(extend)


def release(ledger: Ledger, lease: Lease) -> None:
    """Give a lease back; one that was lost meanwhile is left to its new holder."""
    mine = (table.c.name == lease.name) & (table.c.token == lease.token) & (table.c.holder == lease.holder)
    free = sa.update(table).where(mine).values(holder=None, expires_us=0)
    ledger.write(lambda tx: tx.conn.execute(free))


def _take(tx: Write, name: str, holder: str, ttl_seconds: float) -> Lease | LeaseHeld:
    row = tx.conn.execute(sa.select(table).where(table.c.name == name).with_for_update()).one_or_none()
    expires_us = tx.now_us + _us(ttl_seconds)
    if row is None:
        tx.conn.execute(sa.insert(table).values(name=name, token=1, holder=holder, expires_us=expires_us))
        return Lease(name=name, token=1, holder=holder)
    if row.holder is not None and row.expires_us > tx.now_us and not is_dead(row.holder):
        return LeaseHeld(name, holder=row.holder, expires_us=row.expires_us)
    lease = Lease(name=name, token=row.token + 1, holder=holder)
    changed = {"token": lease.token, "holder": holder, "expires_us": expires_us}
    tx.conn.execute(sa.update(table).where(table.c.name == name).values(changed))
    return lease


def _beat(ledger: Ledger, lease: Lease, ttl_seconds: float, over: threading.Event) -> None:
    while not over.wait(ttl_seconds / 3):
        try:
            renew(ledger, lease, ttl_seconds=ttl_seconds)
        except LeaseLost:
            _log.warning("The lease on %r was lost; nothing more can be published under it.", lease.name)
            return
        except HeadraceError as error:
            # The next beat may get through; if none does, `check` refuses to publish.
            _log.warning("The lease on %r was not renewed: %s", lease.name, error)


def _release_quietly(ledger: Ledger, lease: Lease) -> None:
    try:
        release(ledger, lease)
    except HeadraceError as error:
        # It ends with its time to live; what the block itself raised must not be hidden by this.
        _log.warning("The lease on %r was not given back: %s", lease.name, error)


def _us(seconds: float) -> int:
    return int(seconds * 1_000_000)
