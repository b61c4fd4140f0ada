"""How the documents of a corpus are compared with each other: the gate `near_duplicate` as it is declared."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.ingest.gates.base import Action
from headrace.ingest.gates.duplicates.winners import Standing
from headrace.ingest.sync.access import matches
from headrace.ledger.near_duplicates import Fate, Row

GATE = "near_duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Part of the recipe of a corpus, but for the folder."""

    folder: str
    """Where signatures are kept."""
    threshold: float
    authority: tuple[str, ...]
    """Patterns over URIs, the source to trust most first."""
    version: int
    on_failure: Action

    @property
    def loses(self) -> Fate:
        """What becomes of a document that yields."""
        if self.on_failure == "quarantine":
            return "alias"
        return "dropped" if self.on_failure == "drop" else "served"

    @property
    def tags(self) -> bool:
        """Whether a document that yields is served, and says so."""
        return self.on_failure == "tag"

    def standing(self, row: Row) -> Standing:
        """What decides between a document and those it is alike."""
        ranks = len(self.authority)
        rank = next(
            (place for place, pattern in enumerate(self.authority) if matches(row.uri, pattern)), ranks
        )
        return Standing(authority=ranks - rank, modified_at_us=row.modified_at_us or 0)

    def reason(self, row: Row) -> str:
        """Why a document is kept out, in words."""
        left = ", and is left out" if row.fate == "dropped" else ""
        share = row.similarity or 0.0
        return f"{GATE} v{self.version}: like {row.winner!r}{left} (score {share:.2f})"
