"""Opens the store of cached outputs that `[storage] online` names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from headrace.infer.cache.base import CacheStore

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring

_SQLITE = "sqlite:///"


def open_store(url: str, keyring: Keyring) -> CacheStore:
    """An SQLite file, or a Redis server where this workspace has keys of its own. Raises StorageError."""
    if url.startswith(_SQLITE):
        from headrace.infer.cache.backends.sqlite import SQLiteCache

        return SQLiteCache(Path(url.removeprefix(_SQLITE)))
    from headrace.infer.cache.backends.redis import RedisCache

    return RedisCache(url, prefix=keyring.keyed("headrace", "cache"))


def exists(url: str) -> bool:
    """Whether there may be something in it."""
    return not url.startswith(_SQLITE) or Path(url.removeprefix(_SQLITE)).exists()
