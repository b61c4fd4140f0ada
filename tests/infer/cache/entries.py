"""Entries for stores of cached outputs."""

from __future__ import annotations

import time
from collections.abc import Sequence

from headrace.infer.cache.base import Entry

HOUR_US = 3_600_000_000


def entry(
    key: str,
    *,
    partition: str = "part",
    body: bytes = b"body",
    age_us: int = 0,
    ttl_us: int = HOUR_US,
    ties: Sequence[str] = (),
) -> Entry:
    """An entry made so long ago."""
    created_us = time.time_ns() // 1000 - age_us
    return Entry(
        key=key,
        partition=partition,
        created_us=created_us,
        expires_us=created_us + ttl_us,
        body=body,
        vector=b"vector",
        ties=ties,
    )
