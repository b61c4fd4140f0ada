"""What the operations on quality work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.ingest.quality.config import QualityConfig
from headrace.ingest.validity.ranking import RankingConfig

if TYPE_CHECKING:
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
