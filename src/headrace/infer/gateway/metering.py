"""Counts what keys of callers use, durable before the answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.ledger import access_keys
from headrace.ledger.access_keys import UseRow
from headrace.records.keys import Caller

if TYPE_CHECKING:
    from headrace.infer.gateway.outcome import Usage
    from headrace.ledger.ledger import Ledger, Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """Adds to the day's use of a key; the ledger commits many at once."""

    ledger: Ledger

    def count(self, caller: Caller | None, usage: Usage) -> asyncio.Future[None] | None:
        """Count one call; await what it gives. None for a call without a key."""
        if caller is None:
            return None
        return asyncio.wrap_future(self.ledger.submit(_counting(caller, usage)))

    def count_now(self, caller: Caller | None, usage: Usage) -> None:
        """Count one call from a thread, and wait until that is durable."""
        if caller is not None:
            self.ledger.write(_counting(caller, usage))


def _counting(caller: Caller, usage: Usage) -> Callable[[Write], None]:
    day = access_keys.day_of(time.time_ns() // 1000)
    used = _used(caller, usage)
    return lambda tx: access_keys.count_use(tx, caller.id, day=day, used=used)


def _used(caller: Caller, usage: Usage) -> UseRow:
    priced = usage.cost_micro is not None and usage.currency == caller.currency
    free = not (usage.input_tokens or usage.output_tokens)
    return UseRow(
        calls=1,
        tokens=usage.input_tokens + usage.output_tokens,
        cost_micro=usage.cost_micro or 0 if priced else 0,
        unpriced=int(not priced and not free),
    )
