"""Quality as a prior: documents of lower quality lose score, as far as the corpus says."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headrace.ingest.quality.config import QualityConfig
from headrace.ingest.quality.score import factor, quality_of

if TYPE_CHECKING:
    from headrace.ingest.search.snapshot import Served, Snapshots
    from headrace.ingest.validity.marks import Mark
    from headrace.ledger.documents import DocumentState
    from headrace.records.search import Hit

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Prior:
    """How quality counts in one corpus."""

    config: QualityConfig

    @property
    def weighs(self) -> bool:
        """Whether it counts at all; if not, nothing is read and nothing changes."""
        return self.config.weight > 0

    def weighed(
        self,
        snapshots: Snapshots,
        served: Served,
        ranked: Sequence[tuple[int, float]],
        documents: Mapping[int, str],
    ) -> Sequence[tuple[int, float]]:
        """Rank anew: each score is multiplied by 1 - weight * (1 - quality).

        Marks do not count here: what no longer holds is demoted by the ranking of its corpus. A document
        without a score keeps what it has.
        """
        if not self.weighs or not ranked:
            return ranked
        kept = snapshots.qualities(served, set(documents.values()))
        now_us = time.time_ns() // 1000
        found = {uri: quality_of(row, self.config, now_us=now_us) for uri, row in kept.items()}
        factors = {
            uri: factor(quality.score, self.config.weight)
            for uri, quality in found.items()
            if quality is not None
        }
        weighed = [(place, _lowered(score, factors.get(documents[place], 1.0))) for place, score in ranked]
        return sorted(weighed, key=lambda pair: (-pair[1], pair[0]))

    def shown(self, hit: Hit, state: DocumentState, mark: Mark | None, *, now_us: int) -> Hit:
        """The hit with the quality of its document, marks included."""
        quality = quality_of(state, self.config, mark=mark, now_us=now_us)
        if quality is None:
            return hit
        return replace(hit, quality=quality.score, quality_parts=quality.parts)


def _lowered(score: float, share: float) -> float:
    # The scores of a reranker may be negative: dividing keeps lower what is to be lower.
    return round(score * share if score >= 0 else score / max(share, 10**-_DIGITS), _DIGITS)
