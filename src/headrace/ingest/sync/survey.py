"""List the sources and hold the listing against the ledger; what plan and sync both start from."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from headrace.errors import HeadraceError
from headrace.ingest.sources.base import Source
from headrace.ingest.sync.changes import Changes, Known, compare
from headrace.ingest.sync.context import SyncContext
from headrace.ingest.sync.labels import Labelled, Labels, labels_of, look_up
from headrace.ledger import failures, observations
from headrace.ledger.documents import BriefState
from headrace.records.document import Listing, Observation

_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was listed and what it means."""

    listings: tuple[Listing, ...]
    changes: Changes
    relabelled: int
    """Documents that have other access labels than before."""


def survey(
    context: SyncContext,
    *,
    states: Mapping[str, BriefState],
    serving: Mapping[str, str],
    verify: bool,
    relabel: Callable[[Labels], Labelled] | None = None,
) -> Survey:
    """List every source and compare. `relabel` lets access labels take effect; a plan writes nothing.

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
    labels = labels_of(context.access, listings)
    if relabel is not None:
        labelled = relabel(labels)
    else:
        with context.ledger.read() as conn:
            labelled = look_up(conn, labels)
    changes = compare(listings, known, acl_ids=labelled.acl_ids, verify_before_us=due)
    return Survey(listings=listings, changes=changes, relabelled=labelled.changed)


def list_sources(context: SyncContext, observed: Mapping[str, Observation]) -> tuple[Listing, ...]:
    """What every source holds now; one that cannot be listed gives an incomplete listing."""
    return tuple(_list(source, observed) for source in context.sources)


def _list(source: Source, observed: Mapping[str, Observation]) -> Listing:
    try:
        return source.list(observed)
    except (HeadraceError, OSError) as error:
        # A source that cannot be listed is a partial listing: its documents stay as they are.
        return Listing(source=source.name, items=(), complete=False, reason=str(error))
