"""What the operations on features work with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.ledger.consents import Purpose
    from headrace.ledger.ledger import Ledger
    from headrace.observe.features.base import FeatureView
    from headrace.observe.features.online.base import OnlineStore
    from headrace.observe.features.reading import Sources
    from headrace.observe.features.subjects import Forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureParts:
    """One workspace with everything that features need."""

    ledger: Ledger
    views: Mapping[str, FeatureView]
    sources: Sources
    online: OnlineStore
    forgotten: Forgotten
    """Whose rows count no more, whatever a source still has."""
    actor: str
    permitting: Callable[[Purpose, Collection[str]], frozenset[str]]
    """Those of these users, by name, who permit a purpose as of now."""
