"""Counts what keys of callers use, durable before the answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING

from headrace.errors import HeadraceError
from headrace.ledger import access_keys
from headrace.ledger.access_keys import UseRow
from headrace.records.keys import Caller

if TYPE_CHECKING:
    from headrace.infer.gateway.outcome import Usage
    from headrace.ledger.ledger import Ledger, Write

_Sums = dict[tuple[str, int], UseRow]
"""By key and day."""


class Meter:
    """Adds to the day's use of keys. While one write is under way, what comes is summed up for the next."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = Lock()
        self._sums: _Sums = {}
        self._waiting: list[Future[None]] = []
        self._is_writing = False

    def count(self, caller: Caller | None, usage: Usage) -> asyncio.Future[None] | None:
        """Count one call; await what it gives. None for a call without a key."""
        return None if caller is None else asyncio.wrap_future(self._add(caller, usage))

    def count_now(self, caller: Caller | None, usage: Usage) -> None:
        """Count one call from a thread, and wait until that is durable."""
        if caller is not None:
            self._add(caller, usage).result()

    def _add(self, caller: Caller, usage: Usage) -> Future[None]:
        place = (caller.id, access_keys.day_of(time.time_ns() // 1000))
        done: Future[None] = Future()
        with self._lock:
            before = self._sums.get(place, UseRow())
            self._sums[place] = UseRow(*map(sum, zip(before, _used(caller, usage), strict=True)))
            self._waiting.append(done)
            if self._is_writing:
                return done
            self._is_writing = True
        self._write()
        return done

    def _write(self) -> None:
        with self._lock:
            sums, self._sums = self._sums, {}
            waiting, self._waiting = self._waiting, []
            self._is_writing = bool(waiting)
        if not waiting:
            return

        def settle(written: Future[None]) -> None:
            error = written.exception()
            for one in waiting:
                if not one.set_running_or_notify_cancel():
                    continue
                if error is None:
                    one.set_result(None)
                else:
                    one.set_exception(error)
            self._write()

        try:
            written = self._ledger.submit(lambda tx: _count(tx, sums))
        except HeadraceError as error:  # the ledger is closed
            written = Future()
            written.set_exception(error)
        written.add_done_callback(settle)


def _count(tx: Write, sums: Mapping[tuple[str, int], UseRow]) -> None:
    for (key, day), used in sums.items():
        access_keys.count_use(tx, key, day=day, used=used)


def _used(caller: Caller, usage: Usage) -> UseRow:
    priced = usage.cost_micro is not None and usage.currency == caller.currency
    free = not (usage.input_tokens or usage.output_tokens)
    return UseRow(
        calls=1,
        tokens=usage.input_tokens + usage.output_tokens,
        cost_micro=usage.cost_micro or 0 if priced else 0,
        unpriced=int(not priced and not free),
    )
