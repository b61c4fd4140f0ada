"""Fills `[cache]`."""

from __future__ import annotations

from headrace.config.durations import ALLOWED, parse_duration
from headrace.config.table import Table
from headrace.infer.cache.config import CacheConfig


def read_cache(table: Table) -> CacheConfig:
    """Fill `[cache]`. Raises ConfigError."""
    config = table.fill(CacheConfig, given={})
    try:
        parse_duration(config.ttl)
    except ValueError:
        raise table.error("is not a length of time.", "ttl", allowed=[ALLOWED]) from None
    return config
