"""Finds which version of a thing replaces which: equal stems, near-identical texts, and an order.

The outcome is a function of the documents that there are, whatever the order in which they came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from headrace.ingest.validity.sketch import resemblance
from headrace.ingest.validity.versions import Order, begins_us, order_of
from headrace.ledger.standings import Standing

NEAR_IDENTICAL = 0.5
"""Share of word pairs that two versions of one thing have in common at least."""
NEXT_VERSIONS = 32
"""A document is compared with at most this many of the versions after it."""

_Order = tuple[Order, int]


def successors(rows: Iterable[Standing]) -> dict[str, tuple[str, int | None]]:
    """URI to the URI of the next version and the time since which that holds (None: always)."""
    groups: dict[tuple[int, str], list[tuple[_Order, Standing]]] = defaultdict(list)
    for row in rows:
        for rank, stem, version in keys(row):
            groups[rank, stem].append(((order_of(version), row.dated_us or 0), row))
    found: dict[str, tuple[str, int | None]] = {}
    for group in sorted(groups):
        members = sorted(groups[group], key=lambda member: (member[0], member[1].uri))
        for place, (order, row) in enumerate(members):
            later = members[place + 1 : place + 1 + NEXT_VERSIONS]
            following = _next(order, row, later)
            if following is not None and row.uri not in found:
                found[row.uri] = (following.uri, holds_from(following))
    return found


def keys(row: Standing) -> list[tuple[int, str, str]]:
    """Stem and version of a document's URI, then of its title, as far as it has them."""
    pairs = ((0, row.stem, row.version), (1, row.title_stem, row.title_version))
    return [
        (rank, stem, version) for rank, stem, version in pairs if stem is not None and version is not None
    ]


def holds_from(row: Standing) -> int | None:
    """Since when a version holds: as it says, else by the date in its name, else by its own date."""
    if row.valid_from_us is not None:
        return row.valid_from_us
    named = (begins_us(stem, version) for _, stem, version in keys(row))
    return next((moment for moment in named if moment is not None), row.dated_us)


def relinked(rows: Mapping[str, Standing], affected: Iterable[str]) -> list[Standing]:
    """The affected documents whose successor is another one now, with that one. `rows` holds every document
    that shares a stem with them."""
    now = successors(rows.values())
    moved = []
    for uri in sorted(affected):
        row = rows[uri]
        by, since = now.get(uri, (None, None))
        if (row.superseded_by, row.superseded_from_us) != (by, since):
            moved.append(row._replace(superseded_by=by, superseded_from_us=since))
    return moved


def _next(order: _Order, row: Standing, later: list[tuple[_Order, Standing]]) -> Standing | None:
    for other_order, other in later:
        if other_order > order and _alike(row, other):
            return other
    return None


def _alike(row: Standing, other: Standing) -> bool:
    if row.sketch is None or other.sketch is None:
        return False
    return resemblance(row.sketch, other.sketch) >= NEAR_IDENTICAL
