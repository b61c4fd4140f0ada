"""How the documents of one query stand: what it is judged by, and what its hits say of it."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headrace.ingest.validity.marks import Mark, Marks
from headrace.ingest.validity.ranking import RankingConfig
from headrace.records.search import Hit
from headrace.records.times import DAY_US, rfc3339

if TYPE_CHECKING:
    from headrace.ledger.documents import DocumentState

LATER = "later"
"""The mark of a document whose content is later than the time that a search asks for."""
_NOT_KEPT = (
    "the index of that time is no longer kept: searched were today's documents, by the dates on which they "
    "held or changed"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges documents for one query, at the time that it asks for."""

    known: Marks
    ranking: RankingConfig
    query: str
    at_us: int
    now_us: int
    past: bool
    """Whether the index is read as it was at that time."""
    as_of: bool

    @classmethod
    def of(
        cls, known: Marks, ranking: RankingConfig, *, query: str, as_of_us: int | None, past: bool
    ) -> Judge:
        """The judge of a query as of a time, or of now."""
        now_us = time.time_ns() // 1000
        return cls(
            known=known,
            ranking=ranking,
            query=query,
            at_us=now_us if as_of_us is None else as_of_us,
            now_us=now_us,
            past=past,
            as_of=as_of_us is not None,
        )

    @property
    def judges(self) -> bool:
        """Whether any document may be marked at all."""
        return bool(
            self.known.rows or self.known.declared or self.ranking.deprecate or self.later_than_us is not None
        )

    @property
    def later_than_us(self) -> int | None:
        """From when on a document is too late; None where that cannot be."""
        return self.at_us if self.as_of and not self.past and self.at_us < self.now_us else None

    @property
    def warning(self) -> str:
        """What makes the result less than it could be; empty when nothing does."""
        return _NOT_KEPT if self.later_than_us is not None else ""

    def marks(self, uris: Collection[str], *, later: Collection[str]) -> dict[str, Mark]:
        """The marked ones among documents; `later` holds those that changed after the time asked for."""
        found = {uri: self._mark(uri, later=uri in later) for uri in uris}
        return {uri: mark for uri, mark in found.items() if mark is not None}

    def mark(self, uri: str, state: DocumentState | None) -> Mark | None:
        """How one document stands."""
        modified = state.modified_at_us if state is not None else None
        limit = self.later_than_us
        return self._mark(uri, later=limit is not None and modified is not None and modified > limit)

    def factor(self, mark: Mark) -> float:
        """What the score of a marked document is multiplied by."""
        return self.ranking.factor(mark.kinds)

    def hides(self, mark: Mark | None) -> bool:
        """Whether a document is left out altogether."""
        return self.ranking.hide_expired and mark is not None and "expired" in mark.kinds

    def with_successors(self, uris: Collection[str]) -> set[str]:
        """The documents, and those that hold instead of them."""
        newer = (self.known.current(uri, self.at_us) for uri in uris) if self.judges else ()
        return {*uris, *(uri for uri in newer if uri is not None)}

    def marked(
        self, hit: Hit, mark: Mark | None, states: Mapping[str, DocumentState], admitted: Collection[int]
    ) -> Hit:
        """The hit with its age and marks. A newer document is named only to those who may see it."""
        state = states[hit.document]
        # The end of a day is shown in that day.
        valid_to = self.known.valid_to_us(hit.document)
        newer = states.get(mark.superseded_by) if mark is not None and mark.superseded_by else None
        seen = newer is not None and newer.state == "live" and newer.acl_id in admitted
        return replace(
            hit,
            age_days=_days(state.modified_at_us, self.now_us),
            valid_to=None if valid_to is None else rfc3339(valid_to - (valid_to % DAY_US == 0)),
            superseded_by=newer.uri if seen and newer is not None else None,
            marks=mark.kinds if mark is not None else (),
        )

    def _mark(self, uri: str, *, later: bool) -> Mark | None:
        mark = self.known.of(uri, self.at_us, self.ranking, query=self.query)
        if not later or self.known.begun(uri, self.at_us):
            return mark
        if mark is None:
            return Mark(kinds=(LATER,), superseded_by=None)
        return replace(mark, kinds=(*mark.kinds, LATER))


def _days(modified_at_us: int | None, now_us: int) -> int | None:
    return None if modified_at_us is None else max(0, (now_us - modified_at_us) // DAY_US)
