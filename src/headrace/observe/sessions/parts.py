"""What the operations on sessions work with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.ledger import Ledger
    from headrace.observe.sessions.config import SessionConfig
    from headrace.privacy.vault.single import SingleKeys

Visible = Callable[[Sequence[str], Sequence[str] | None], set[str]]
"""Of documents `corpus/URI`, those that a caller with these labels may see now; None opens all but what is
hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionParts:
    """One workspace with everything that sessions need."""

    ledger: Ledger
    keyring: Keyring
    keys: SingleKeys
    config: SessionConfig
    keep_us: int
    """How long a session is kept after its last turn."""
    visible: Visible
