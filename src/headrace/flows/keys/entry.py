"""Whether a request may come in: its key counts, opens what is asked for, and has something left."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headrace.errors import KeyExhausted, KeyForbids, KeyNeeded
from headrace.infer.embedders.budget import shown_money
from headrace.records.keys import Caller

if TYPE_CHECKING:
    from headrace.flows.keys.operations import KeyOperations
    from headrace.ledger.access_keys import KeyedUse

_DAY = 86_400


@dataclass(slots=True)
class _Bucket:
    """Requests that a key may send at once; it fills up again over a minute."""

    left: float
    at: float


@dataclass(slots=True)
class Rates:
    """Bounds the requests of keys by minute, in this process."""

    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def wait(self, key: str, per_minute: int) -> float:
        """Take one request; gives the seconds until there is one where none is left, else 0."""
        now = self.clock()
        bucket = self._buckets.setdefault(key, _Bucket(float(per_minute), now))
        bucket.left = min(float(per_minute), bucket.left + (now - bucket.at) * per_minute / 60)
        bucket.at = now
        if bucket.left >= 1:
            bucket.left -= 1
            return 0.0
        return (1 - bucket.left) * 60 / per_minute


class Entry:
    """Lets requests in. The ledger is read for each, so a key that is revoked is out at once."""

    def __init__(self, keys: KeyOperations, *, rates: Rates | None = None) -> None:
        self._keys = keys
        self._rates = rates or Rates()

    def __call__(self, secret: str | None, *, scopes: Collection[str], metered: bool) -> Caller | None:
        """Who sends a request, None where no key was ever made.

        `scopes`: any one of them opens it. `metered`: it may cost tokens, so the budget of the day counts.
        Raises KeyNeeded, KeyForbids, KeyExhausted.
        """
        found = self._keys.find(secret)
        if found is None or found.key.revoked_at_us is not None:
            if found is None and not self._keys.any_made():
                return None
            raise KeyNeeded(
                "This request needs a key."
                if not secret
                else "This key was revoked."
                if found
                else "This key is not known.",
                hint="Send `Authorization: Bearer hr_…`; `headrace key create NAME` makes one.",
            )
        caller = _caller(found)
        if not caller.scopes.intersection(scopes):
            raise KeyForbids(
                f"The key {caller.name!r} does not open this: it has {', '.join(sorted(caller.scopes))}.",
                hint=f"Use a key with one of these scopes: {', '.join(sorted(scopes))}.",
            )
        if metered:
            _check_budget(found)
        self._check_rate(caller)
        return caller

    def _check_rate(self, caller: Caller) -> None:
        wait = self._rates.wait(caller.id, caller.per_minute) if caller.per_minute else 0.0
        if wait > 0:
            raise KeyExhausted(
                f"The key {caller.name!r} may send {caller.per_minute} requests a minute.",
                hint=f"Try again in {math.ceil(wait)} s.",
                cause="rate",
                retry_after_seconds=math.ceil(wait),
            )


def _check_budget(found: KeyedUse) -> None:
    key, used = found
    over = None
    if key.tokens_per_day is not None and used.tokens >= key.tokens_per_day:
        over = f"{key.tokens_per_day:,} tokens"
    elif key.micro_per_day is not None and used.cost_micro >= key.micro_per_day:
        over = shown_money(key.micro_per_day, key.currency or "")
    if over is not None:
        raise KeyExhausted(
            f"The key {key.name!r} has used up its budget of {over} a day.",
            hint="The next day begins at midnight UTC.",
            cause="budget",
            retry_after_seconds=_DAY - int(time.time()) % _DAY,
        )


def _caller(found: KeyedUse) -> Caller:
    key = found.key
    return Caller(
        id=key.id,
        name=key.name,
        scopes=frozenset(key.scopes.split(",")),
        access=tuple(json.loads(key.access)),
        per_minute=key.per_minute,
        currency=key.currency or "",
    )
