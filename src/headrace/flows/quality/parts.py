"""What the operations on quality work with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.ingest.quality.config import QualityConfig
from headrace.ingest.validity.ranking import RankingConfig

if TYPE_CHECKING:
    from headrace.flows.quality.rot import Outcome
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger
    from headrace.ship.releases import Releases


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityParts:
    """The stores, and what the corpora declare."""

    ledger: Ledger
    events: EventStore
    releases: Releases
    qualities: Mapping[str, QualityConfig]
    """By corpus."""
    rankings: Mapping[str, RankingConfig]
    """By corpus."""
    signalled: Callable[[Sequence[str]], Iterable[Outcome]] = lambda _: ()
    """Bad outcomes that signals of users tell of, for these corpora."""
