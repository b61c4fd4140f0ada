"""The mass-delete guard: an empty, partial or suddenly much shorter listing wipes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.records.document import Listing

MAX_DOCUMENTS = 10
MAX_SHARE = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Which deletions go on and which wait for `--confirm-deletes`."""

    delete: tuple[str, ...]
    withheld: tuple[str, ...]
    reason: str
    """Why something is withheld, one clause for each source."""


def judge(
    listings: Sequence[Listing], missing: Mapping[str, str], *, baseline: Mapping[str, int], confirmed: bool
) -> Verdict:
    """Decide on deletions source by source.

    `missing` maps URIs to their source; `baseline` holds how many documents of each source serve now.
    Deletions of a source are withheld when its listing is incomplete or empty, or when they are more than
    10 documents and more than 10 % of it. A confirmation lets them all go on.
    """
    if confirmed:
        return Verdict(delete=tuple(sorted(missing)), withheld=(), reason="")
    by_source = {listing.source: listing for listing in listings}
    gone = Counter(missing.values())
    reasons: dict[str, str] = {}
    for source, count in sorted(gone.items()):
        reason = _reason(by_source.get(source), count, baseline.get(source, count))
        if reason:
            reasons[source] = f"{source}: {reason}"
    return Verdict(
        delete=tuple(sorted(uri for uri, source in missing.items() if source not in reasons)),
        withheld=tuple(sorted(uri for uri, source in missing.items() if source in reasons)),
        reason="; ".join(reasons.values()),
    )


def _reason(listing: Listing | None, count: int, baseline: int) -> str:
    if listing is not None and not listing.complete:
        return f"its listing is incomplete ({listing.reason or 'no reason given'})"
    if listing is not None and not listing.items:
        return f"its listing is empty and {count} documents would go"
    if count > MAX_DOCUMENTS and count > MAX_SHARE * baseline:
        what = "is no longer configured and" if listing is None else "has changed so that"
        return f"it {what} {count} of {baseline} documents would go"
    return ""
