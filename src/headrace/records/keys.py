"""Keys of callers, as every door shows them; never a secret, save once when it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Scope = Literal["chat", "embeddings", "search", "api", "mcp", "metrics", "keys"]
SCOPES: Sequence[Scope] = ("chat", "embeddings", "search", "api", "mcp", "metrics", "keys")
"""`search` opens search, ask, why and history; `api` all of /api but /api/keys; `keys` that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """What a key has used since midnight UTC."""

    calls: int
    tokens: int
    """Input and output."""
    cost_micro: int
    """Millionths of the key's currency."""
    unpriced: int
    """Calls whose price is not known, or in another currency: in `cost_micro` they count as nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReport:
    """A key."""

    id: str
    name: str
    scopes: Sequence[Scope]
    access: Sequence[str]
    """Labels of documents that it opens, beside what is open to all."""
    per_minute: int | None
    """Requests a minute; None is no bound."""
    tokens_per_day: int | None
    micro_per_day: int | None
    """Millionths of `currency`."""
    currency: str
    created_at: str
    created_by: str
    revoked_at: str | None
    today: KeyUse


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCreated:
    """A new key, with its secret, which is shown this once."""

    key: KeyReport
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyList:
    """All keys, revoked ones included, oldest first."""

    items: Sequence[KeyReport]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who sent a request, by the key it showed."""

    id: str
    """Of the key."""
    name: str
    scopes: frozenset[str]
    access: tuple[str, ...]
    per_minute: int | None
    currency: str
