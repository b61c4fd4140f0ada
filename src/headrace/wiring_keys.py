"""The operations on keys of callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.config.base import STATE_FOLDER

if TYPE_CHECKING:
    from headrace.flows.keys.operations import KeyOperations
    from headrace.wiring import Wiring


def key_operations(wiring: Wiring) -> KeyOperations:
    """What `workspace.keys` works with."""
    from headrace.flows.keys.operations import KeyOperations
    from headrace.ledger.erasure.keyring import Keyring

    keyring = Keyring(wiring.config.root / STATE_FOLDER / "keys", wiring.ledger)
    return KeyOperations(ledger=wiring.ledger, keyring=keyring, actor=wiring.actor)
