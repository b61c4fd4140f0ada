"""The operations on signals, and what they tell the rot report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.config.base import STATE_FOLDER

if TYPE_CHECKING:
    from headrace.observe.signals.operations import SignalOperations
    from headrace.wiring import Wiring


def signal_operations(wiring: Wiring) -> SignalOperations:
    """What `workspace.signals` works with."""
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.observe.signals.operations import SignalOperations
    from headrace.observe.signals.parts import SignalParts

    config = wiring.config
    parts = SignalParts(
        ledger=wiring.ledger,
        events=wiring.events,
        keyring=Keyring(config.root / STATE_FOLDER / "keys", wiring.ledger),
        engine=(lambda: wiring.privacy) if config.privacy.redact_events else None,
        actor=wiring.actor,
        anonymous_training=config.traces.anonymous_training,
    )
    return SignalOperations(parts=parts)
