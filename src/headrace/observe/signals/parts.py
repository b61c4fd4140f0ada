"""What the operations on signals work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger
    from headrace.privacy.engine import Engine

Similarity = Callable[[str, str], float]
"""How alike two questions are, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalParts:
    """The stores, the keys of the workspace, and what takes personal data out."""

    ledger: Ledger
    events: EventStore
    keyring: Keyring
    engine: Callable[[], Engine] | None
    """None where `[privacy] redact_events` is off."""
    actor: str
    anonymous_training: bool = False
    """Whether signals that no user stands behind may serve training."""
