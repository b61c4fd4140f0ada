"""Keys of callers, as every door shows them; never a secret, save once when it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Scope = Literal["chat", "embeddings", "search", "api", "mcp", "metrics", "keys", "traces"]
SCOPES: Sequence[Scope] = ("chat", "embeddings", "search", "api", "mcp", "metrics", "keys", "traces")
"""`search` opens search, ask, why and history; `api` all of /api but /api/keys; `keys` that; `traces` lets
spans in at /v1/traces and /v1/logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """What a key has used since midnight UTC."""

    calls: int
    """Chat completions, prompts and embedding requests."""
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
    """What calls name it by."""
    name: str
    """What people name it by; free again once it is revoked."""
    scopes: Sequence[Scope]
    """What it opens."""
    access: Sequence[str]
    """Labels of documents that it opens, beside what is open to all."""
    per_minute: int | None
    """Requests a minute; None is no bound."""
    tokens_per_day: int | None
    """Budget of a day in UTC, input and output."""
    micro_per_day: int | None
    """Millionths of `currency`."""
    currency: str
    """Of its money."""
    created_at: str
    """RFC 3339."""
    created_by: str
    """User of the machine."""
    revoked_at: str | None
    """RFC 3339; None while it counts."""
    today: KeyUse
    """What it has used since midnight UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCreated:
    """A new key, with its secret, which is shown this once."""

    key: KeyReport
    """The key."""
    secret: str
    """What a request shows: `hr_…`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyList:
    """All keys, revoked ones included, oldest first."""

    items: Sequence[KeyReport]
    """The keys."""


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
