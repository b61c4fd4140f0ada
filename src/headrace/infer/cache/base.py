"""What the cache keeps, and what a store of it can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One output as it is stored. Names are keyed hashes and contents are sealed."""

    key: str
    """Stands for everything that shapes the call."""
    partition: str
    """Stands for the same without the question; empty where only the very same call can have it."""
    created_us: int
    """UTC microseconds."""
    expires_us: int
    body: bytes
    vector: bytes
    """Of the question; empty where there is none."""
    ties: Sequence[str] = ()
    """Documents, users and traces it comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How much a store holds."""

    entries: int
    bytes: int
    """Of contents and vectors."""


@runtime_checkable
class CacheStore(Protocol):
    """Keeps entries; all of it may be lost at any time. An entry is there whole or not at all.

    Raises StorageError when it cannot be reached.
    """

    @property
    def kind(self) -> Literal["sqlite", "redis"]:
        """What it is."""
        ...

    def get(self, key: str) -> Entry | None:
        """An entry that has not expired, without its ties."""
        ...

    def put(self, entry: Entry, *, most: int) -> None:
        """Keep an entry in place of an older one; the oldest beyond `most` go."""
        ...

    def near(self, partition: str, *, limit: int) -> list[Entry]:
        """The newest entries of a partition that have not expired, newest first, without their ties."""
        ...

    def remove(self, keys: Sequence[str]) -> int:
        """Take entries out; gives how many were there."""
        ...

    def tied(self, ties: Sequence[str]) -> list[str]:
        """Keys of the entries that come from one of these."""
        ...

    def held(self) -> Held:
        """How much there is."""
        ...

    def clear(self) -> int:
        """Take everything out; gives how many there were."""
        ...

    def clean(self) -> None:
        """Leave nothing of what was taken out in logs and free pages."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...
