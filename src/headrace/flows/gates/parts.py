"""What the operations on gates work with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.ingest.gates.declared import DeclaredGate, GateSpec
    from headrace.ingest.parsing.pool import ParsePool
    from headrace.ingest.sync.context import SyncContext
    from headrace.ledger.ledger import Ledger
    from headrace.privacy.engine import Engine
    from headrace.records.sync import SyncReport
    from headrace.ship.releases import Releases


@dataclass(frozen=True, slots=True, kw_only=True)
class GateParts:
    """The declared gates, the ledger, and how to get at the parser and the syncs of a corpus."""

    declared: Mapping[str, Sequence[GateSpec]]
    """By corpus, in the order of the file."""
    opened: Callable[[str], Sequence[DeclaredGate]]
    """Those of a corpus with the lists of names and the models of the workspace; every built-in one with its
    defaults where it declares none. Nothing that they ask is stored. Raises ConfigError."""
    corpus: Callable[[str | None], str]
    """The corpus of a name, or the only one. Raises NotFoundError, UsageError."""
    corpora: Callable[[str | None], Sequence[str]]
    """The corpus of that name, or all. Raises NotFoundError."""
    ledger: Callable[[], Ledger]
    releases: Callable[[], Releases]
    context: Callable[[str], SyncContext]
    sync: Callable[[str], SyncReport]
    parser: Callable[[], ParsePool]
    privacy: Callable[[], Engine]
    actor: str
