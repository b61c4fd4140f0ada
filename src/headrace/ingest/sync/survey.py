"""List the sources and hold the listing against the ledger; what plan and sync both start from."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.errors import HeadraceError
from headrace.ingest.sources.base import Source
from headrace.ingest.sync.changes import Changes, Known, compare
from headrace.ingest.sync.context import SyncContext
from headrace.ledger import acls, failures, observations
from headrace.ledger.documents import BriefState
from headrace.records.document import Listing, Observation

_DAY_US = 86_400_000_000
_UNKNOWN_ACL = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was listed and what it means."""

    listings: tuple[Listing, ...]
    changes: Changes
    acl_ids: Mapping[str, int]
    """URI to the id of its access labels, for every listed document."""


def survey(
    context: SyncContext,
    *,
    states: Mapping[str, BriefState],
    serving: Mapping[str, str],
    verify: bool,
    record: bool,
) -> Survey:
    """List every source and compare. `record` interns access labels; a plan writes nothing.

    `verify` has every document read and hashed again, whatever its stamp says.
    """
    with context.ledger.read() as conn:
        observed = observations.load(conn, context.corpus)
        failed = {row.uri: row for row in failures.list(conn, context.corpus)}
    listings = list_sources(context, observed)
    known = Known(
        observations=observed,
        states=states,
        serving=serving,
        failures=failed,
        recipe=context.recipe.digest,
    )
    now_us = time.time_ns() // 1000
    due = now_us if verify else now_us - int(context.verify_after_days * _DAY_US)
    acl_ids = _acl_ids(context, listings, record=record)
    changes = compare(listings, known, acl_ids=acl_ids, verify_before_us=due)
    return Survey(listings=listings, changes=changes, acl_ids=acl_ids)


def list_sources(context: SyncContext, observed: Mapping[str, Observation]) -> tuple[Listing, ...]:
    """What every source holds now; one that cannot be listed gives an incomplete listing."""
    return tuple(_list(source, observed) for source in context.sources)


def _list(source: Source, observed: Mapping[str, Observation]) -> Listing:
    try:
        return source.list(observed)
    except (HeadraceError, OSError) as error:
        # A source that cannot be listed is a partial listing: its documents stay as they are.
        return Listing(source=source.name, items=(), complete=False, reason=str(error))


def _acl_ids(context: SyncContext, listings: Sequence[Listing], *, record: bool) -> dict[str, int]:
    keys: dict[str, str] = {}
    labels: dict[str, tuple[str, ...]] = {}
    for listing in listings:
        for item in listing.items:
            key, of_item = context.access.of(item)
            keys[item.uri] = key
            labels[key] = of_item
    if record and labels:
        ids = context.ledger.write(
            lambda tx: {key: acls.intern(tx, key, of_key) for key, of_key in labels.items()}
        )
    else:
        with context.ledger.read() as conn:
            ids = acls.find(conn, list(labels))
    return {uri: ids.get(key, _UNKNOWN_ACL) for uri, key in keys.items()}
