"""How old a change is when it becomes searchable."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.ingest.sync.context import SyncContext
from headrace.ingest.sync.prepare import Prepared
from headrace.ingest.sync.survey import Listed
from headrace.ledger import listings


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """When this run listed the sources, and when each was last listed in full before, in UTC microseconds."""

    listed_at_us: int
    complete_at_us: Mapping[str, int | None]
    """By source; None for one that was never listed in full."""
    targets_us: Mapping[str, int | None]
    """The freshness that each source asks for."""

    def lags_us(self, documents: Sequence[Prepared], now_us: int) -> dict[str, list[int]]:
        """Source to the age of each change that is published now.

        A change cannot be older than the last complete listing, which would have shown it: so a file that was
        copied here with an old time counts from then. The first listing of a source is no change.
        """
        lags: dict[str, list[int]] = defaultdict(list)
        for document in documents:
            source = document.candidate.source
            before = self.complete_at_us.get(source)
            if before is not None:
                changed = max(before, document.candidate.item.modified_at_us or 0)
                lags[source].append(max(0, now_us - changed))
        return dict(lags)


def ages_of(context: SyncContext, listed: Listed) -> Ages:
    """What the changes of a run are held against."""
    with context.ledger.read() as conn:
        before = listings.load(conn, context.corpus)
    return Ages(
        listed_at_us=listed.began_us,
        complete_at_us={source: row.complete_at_us for source, row in before.items()},
        targets_us=context.freshness_us,
    )
