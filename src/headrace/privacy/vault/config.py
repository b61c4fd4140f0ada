"""What the workspace says about the vault."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultConfig:
    """`[vault]`: how long what calls hid can be restored."""

    ttl: str = "30d"
    """How long the values of a session are kept after its last call; then they are erased."""
