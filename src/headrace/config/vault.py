"""Fills `[vault]`."""

from __future__ import annotations

from headrace.config.durations import ALLOWED, parse_duration
from headrace.config.table import Table
from headrace.privacy.vault.config import VaultConfig


def read_vault(table: Table) -> VaultConfig:
    """Fill `[vault]`. Raises ConfigError."""
    config = table.fill(VaultConfig, given={})
    try:
        length = parse_duration(config.ttl)
    except ValueError:
        raise table.error("is not a length of time.", "ttl", allowed=[ALLOWED]) from None
    if not length:
        raise table.error("must not be nothing: the answer of a call needs its values.", "ttl")
    return config
