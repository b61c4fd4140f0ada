"""How the sources stand at the end of a run: what was listed, what waits, what is served unlisted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.ingest.sync.changes import DUPLICATE
from headrace.ledger import failures, listings
from headrace.ledger.listings import ListingRow
from headrace.records.document import Listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headrace.ledger.ledger import Write


def close(
    tx: Write,
    corpus: str,
    *,
    seen: Sequence[Listing],
    listed_at_us: int,
    absent: Mapping[str, str],
) -> None:
    """Record the listings of a run that dealt with all they showed; `absent` maps URIs to their source."""
    before = listings.load(tx.conn, corpus)
    waiting = _waiting(tx, corpus, seen)
    rows = []
    for listing in seen:
        former = before.get(listing.source)
        since = waiting.get(listing.source, ())
        rows.append(
            ListingRow(
                source=listing.source,
                tried_at_us=listed_at_us,
                complete_at_us=listed_at_us if listing.complete else former and former.complete_at_us,
                reason=listing.reason,
                documents=len(listing.items),
                waiting=len(since),
                waiting_since_us=min(since, default=None),
            )
        )
    listings.put(tx, corpus, rows)
    listings.set_absent(tx, corpus, absent)


def _waiting(tx: Write, corpus: str, seen: Sequence[Listing]) -> dict[str, list[int]]:
    """Source to the times since which its failed documents fail."""
    every = failures.waiting(tx.conn, corpus)
    standing = {row.uri: row.first_at_us for row in every if row.stage != DUPLICATE}
    if not standing:
        return {}
    found: dict[str, list[int]] = {}
    for listing in seen:
        named = {item.uri for item in listing.items} | {failure.document for failure in listing.failures}
        found[listing.source] = [standing[uri] for uri in sorted(named & standing.keys())]
    return found
