"""What the vault reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultKey:
    """A master key."""

    id: str
    """Its name."""
    created_at_us: int
    """UTC microseconds when it was made."""
    retired_at_us: int | None
    """Since when it wraps nothing new; it is destroyed when the rotation ends."""
    keys: int
    """Keys of scopes that it wraps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultAudit:
    """One time that values were given out; never which."""

    id: str
    """Of the entry."""
    at_us: int
    """UTC microseconds."""
    actor: str
    """Who had them shown."""
    action: str
    """`restore`: in the answer of a call. `reveal`: asked for by its token."""
    trace: str | None
    """Trace of the call."""
    tokens: int
    """How many places were filled with a value."""
    reason: str
    """Why, where somebody asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultStatus:
    """What the vault holds, and who had values shown."""

    scopes: int
    """Sessions, and calls without a session, that hold values."""
    values: int
    """Sealed values, one for each token."""
    ttl: str
    """How long the values of a session are kept after its last call."""
    next_expiry_us: int | None
    """UTC microseconds when the next scope is erased."""
    unprotected: tuple[str, ...]
    """Types that this configuration cannot protect: calls are marked, and refused in strict mode."""
    masters: tuple[VaultKey, ...]
    """Oldest first; more than one while a rotation is not finished."""
    shown: int
    """Entries of the audit log."""
    audit: tuple[VaultAudit, ...]
    """The newest of them, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealReport:
    """One value of the vault."""

    token: str
    """As it is written into texts."""
    type: str
    """What was found there."""
    value: str
    """What it stands for."""
    audit: str
    """Id of the entry in the audit log, which was durable before the value was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateReport:
    """A rotation."""

    key: str
    """Name of the master key that wraps now."""
    keys: int
    """Keys of scopes that were replaced by this run."""
    values: int
    """Values that were sealed anew by this run."""
    destroyed: tuple[str, ...]
    """Master keys that are gone."""
    resumed: bool
    """Whether an interrupted rotation was finished."""
