"""Checks a sample of semantic hits against the model, and switches the semantic cache off past its limit."""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.identity import digest
from headrace.ledger.storage.tables.calls import cache_series as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write

_ALPHA = 0.05
_FRESH_SECONDS = 2.0
_log = logging.getLogger(__name__)


class Series(NamedTuple):
    """Checks under one threshold and embedder, since the cache was last cleared."""

    id: str
    number: int
    threshold: float
    started_at_us: int
    checks: int
    false_hits: int
    off_at_us: int | None
    reason: str


class Shadow:
    """The measured share of wrong semantic hits, shared by all processes through the ledger."""

    def __init__(self, ledger: Ledger, *, threshold: float, embedder: str, rate: float, limit: float) -> None:
        """`embedder` is its fingerprint: another one, or another threshold, is measured anew."""
        self._ledger = ledger
        self._threshold = threshold
        self._rate = rate
        self._limit = limit
        self._id = digest("series", [threshold, embedder])
        self._random = random.Random()  # noqa: S311 - a sample, no secret
        self._known: Series | None = None
        self._read_at = -math.inf

    def series(self, *, fresh: bool = False) -> Series:
        """The series that counts now, at most some seconds old."""
        if self._known is None or fresh or time.monotonic() - self._read_at > _FRESH_SECONDS:
            with self._ledger.read() as conn:
                self._known = _newest(conn, self._id) or self._empty(0)
            self._read_at = time.monotonic()
        return self._known

    def is_off(self) -> bool:
        """Whether it was switched off."""
        return self.series().off_at_us is not None

    def due(self) -> bool:
        """Whether this hit is one to check."""
        return self._random.random() < self._rate

    def report(self, *, same: bool) -> Future[None]:
        """Count a check; the future resolves once it is durable, and the cache is off if it has to be."""
        self._read_at = -math.inf
        return self._ledger.submit(lambda tx: self._count(tx, same=same))

    def restart(self) -> None:
        """Begin a new series: what was measured before counts no more."""

        def work(tx: Write) -> None:
            before = _newest(tx.conn, self._id)
            if before is not None and before.checks:
                tx.conn.execute(sa.insert(table).values(self._empty(before.number + 1, tx.now_us)))

        self._ledger.write(work)
        self._read_at = -math.inf

    def _count(self, tx: Write, *, same: bool) -> None:
        before = _newest(tx.conn, self._id)
        if before is None:
            before = self._empty(0, tx.now_us)
            tx.conn.execute(sa.insert(table).values(before))
        checks, false_hits = before.checks + 1, before.false_hits + (not same)
        values: dict[str, object] = {"checks": checks, "false_hits": false_hits}
        if before.off_at_us is None and is_past(checks, false_hits, limit=self._limit):
            low, high = bounds(checks, false_hits)
            reason = (
                f"{false_hits} of {checks} checked hits were wrong: {low:.1%} to {high:.1%}, "
                f"where {self._limit:.1%} is allowed"
            )
            values |= {"off_at_us": tx.now_us, "reason": reason}
            _log.warning("The semantic cache is off: %s. `headrace call cache clear` begins anew.", reason)
        mine = sa.and_(table.c.id == before.id, table.c.number == before.number)
        tx.conn.execute(sa.update(table).where(mine).values(values))

    def _empty(self, number: int, now_us: int = 0) -> Series:
        return Series(self._id, number, self._threshold, now_us, 0, 0, None, "")


def bounds(checks: int, false_hits: int) -> tuple[float, float]:
    """Clopper and Pearson's exact bounds of a share, each one-sided at 95 %; 0 and 1 without checks."""
    low = _root(lambda share: _at_most(false_hits - 1, checks, share) - (1 - _ALPHA)) if false_hits else 0.0
    high = _root(lambda share: _at_most(false_hits, checks, share) - _ALPHA) if false_hits < checks else 1.0
    return low, high


def _at_most(count: int, checks: int, share: float) -> float:
    """The chance of at most so many wrong ones among these checks."""
    if share <= 0.0 or share >= 1.0:
        return float(share <= 0.0 or count >= checks)
    logs = math.log(share), math.log1p(-share)
    return math.fsum(
        math.exp(
            math.lgamma(checks + 1)
            - math.lgamma(k + 1)
            - math.lgamma(checks - k + 1)
            + k * logs[0]
            + (checks - k) * logs[1]
        )
        for k in range(count + 1)
    )


def _root(falling: Callable[[float], float]) -> float:
    """Where a function that falls over [0, 1] crosses 0."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2


def is_past(checks: int, false_hits: int, *, limit: float) -> bool:
    """Whether a limit is passed.

    That is so as soon as the lower bound is above it; and once there are enough checks that none wrong would
    have proved the limit kept, as soon as the upper bound is above it.
    """
    low, high = bounds(checks, false_hits)
    return low > limit or (bounds(checks, 0)[1] <= limit and high > limit)


def _newest(conn: Connection, series: str) -> Series | None:
    newest = sa.select(table).where(table.c.id == series).order_by(table.c.number.desc()).limit(1)
    row = conn.execute(newest).one_or_none()
    return None if row is None else Series(*row)
