"""What the operations on traces work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.events.tiered import TieredEvents
    from headrace.ledger.ledger import Ledger
    from headrace.observe.signals.operations import SignalOperations
    from headrace.observe.traces.rules import TracesConfig
    from headrace.ship.releases import Releases


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceParts:
    """What `workspace.traces` works with; the workspace puts it together."""

    ledger: Ledger
    events: TieredEvents
    releases: Releases
    corpora: Sequence[str]
    keyring: Keyring
    signals: SignalOperations
    config: TracesConfig
    actor: str
    prompt_names: Callable[[], Mapping[str, str]]
    """Digest of each version of a prompt to its name."""
    quarantined: Callable[[], int] = lambda: 0
    """How many received spans could not be kept."""
