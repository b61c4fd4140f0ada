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
class ReplayWith:
    """What is tried in place of what was then; None stands for what serves."""

    prompt: str | None = None
    """`NAME`, `NAME@LABEL`, `NAME@DIGEST` or `NAME@working-tree`."""
    model: str | None = None
    generation: str | None = None
    """Id of a generation of an index, or `CORPUS/NUMBER`."""
    release: str | None = None
    """Digest: index, prompts and models as it pins them."""
    access: Sequence[str] | None = None
    """Labels of who asks; None takes those of each trace."""


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
    replayer: Callable[[ReplayWith], Replayer]
    """Asks again with what is to be tried."""
    quarantined: Callable[[], int] = lambda: 0
    """How many received spans could not be kept."""
