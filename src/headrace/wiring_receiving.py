"""What receives traces, and what forgets in what was received."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.config.base import STATE_FOLDER

if TYPE_CHECKING:
    from headrace.observe.traces.receiving.eraser import ReceivingEraser
    from headrace.observe.traces.receiving.operations import ReceivingOperations
    from headrace.observe.traces.receiving.redacting import Mode
    from headrace.observe.traces.receiving.spill import Spill
    from headrace.wiring import Wiring


def receiving_operations(wiring: Wiring) -> ReceivingOperations:
    """What `workspace.receiving` works with."""
    from headrace.flows.receiving.feedback import teller
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.observe.traces.receiving.operations import ReceivingOperations, ReceivingParts
    from headrace.observe.traces.receiving.quarantine import Quarantine
    from headrace.observe.traces.receiving.receiving import Receiver
    from headrace.observe.traces.receiving.redacting import Redactor
    from headrace.observe.traces.receiving.storing import Storing
    from headrace.wiring_signals import signal_operations

    keyring = Keyring(wiring.config.root / STATE_FOLDER / "keys", wiring.ledger)
    spill = _spill(wiring)
    storing = Storing(wiring.events, spill)
    wiring._closers.append(storing.close)
    quarantine = Quarantine(wiring.ledger, keyring)
    receiver = Receiver(
        ledger=wiring.ledger,
        redactor=Redactor(lambda: wiring.privacy, keyring, mode=_mode(wiring)),
        storing=storing,
        quarantine=quarantine,
        tell=teller(signal_operations(wiring)),
    )
    return ReceivingOperations(
        parts=ReceivingParts(
            ledger=wiring.ledger,
            events=wiring.events,
            receiver=receiver,
            storing=storing,
            spill=spill,
            quarantine=quarantine,
            actor=wiring.actor,
            export=wiring.config.traces.export,
            headers=wiring.config.traces.export_headers,
        )
    )


def receiving_eraser(wiring: Wiring) -> ReceivingEraser:
    """What forgets in the quarantine and in what waits."""
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.observe.traces.receiving.eraser import ReceivingEraser

    keyring = Keyring(wiring.config.root / STATE_FOLDER / "keys", wiring.ledger)
    return ReceivingEraser(wiring.ledger, keyring, _spill(wiring), drain=wiring._receiving.drain)


def _mode(wiring: Wiring) -> Mode:
    return wiring.config.traces.redact or ("tokens" if wiring.config.privacy.redact_events else "off")


def _spill(wiring: Wiring) -> Spill:
    from headrace.observe.traces.receiving.spill import FOLDER, Spill

    most_bytes = wiring.config.traces.spill_megabytes * 1_000_000
    return Spill(wiring.config.root / STATE_FOLDER / FOLDER, most_bytes=most_bytes)
