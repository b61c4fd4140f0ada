"""What the operations on traces work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.flows.traces.replaying import Replayer
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.events.tiered import TieredEvents
    from headrace.ledger.ledger import Ledger
    from headrace.observe.signals.operations import SignalOperations
    from headrace.observe.traces.rules import KeepRules
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
    keep: KeepRules
    anonymous_training: bool
    """Whether traces without a user may serve training."""
    actor: str
    prompt_names: Callable[[], Mapping[str, str]]
    """Digest of each version of a prompt to its name."""
    replayer: Callable[[str | None, str | None], Replayer]
    """Asks again with a prompt (`NAME` or `NAME@VERSION`) and a model; None stands for what serves."""
    quarantined: Callable[[], int] = lambda: 0
    """How many received spans could not be kept."""
