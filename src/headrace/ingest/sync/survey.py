"""List the sources and hold the listing against the ledger; what plan and sync both start from."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from headrace.errors import HeadraceError
from headrace.ingest.sources.base import Source
from headrace.ingest.sync.changes import DUPLICATE, Candidate, Changes, Known, compare
from headrace.ingest.sync.context import SyncContext
from headrace.ingest.sync.labels import Labels, labels_of, look_up, relabel
from headrace.ledger import failures, gate_decisions, observations
from headrace.ledger.documents import BriefState
from headrace.ledger.erasure.suppressions import Suppressed
from headrace.ledger.leases import Lease
from headrace.ledger.steps import states as step_states
from headrace.records.document import Listing, Observation

if TYPE_CHECKING:
    from sqlalchemy import Connection

_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What the sources hold now; the generations of a corpus are all held against the same listing."""

    listings: tuple[Listing, ...]
    acl_ids: Mapping[str, int]
    """URI to interned access label set."""
    labels: Labels
    relabelled: int
    """Documents that came under another label set."""
    observed: Mapping[str, Observation]
    """What was known of the documents before."""
    began_us: int
    """When the listing began, UTC microseconds…"""
    at_us: int
    """…and when it ended."""
    out: Suppressed | None = None
    """What was forgotten, where anything was."""
    suppressed: tuple[str, ...] = ()
    """URIs that were listed and stay out because they were forgotten."""

    @property
    def counts(self) -> dict[str, int] | None:
        """Source to how many documents it lists; None where a listing is partial."""
        if not all(listing.complete for listing in self.listings):
            return None
        return {listing.source: len(listing.items) for listing in self.listings}


def list_sources(context: SyncContext, *, lease: Lease | None = None) -> Listed:
    """List every source. With the lease of the corpus changed access labels take effect; a plan has none."""
    began_us = time.time_ns() // 1000
    with context.ledger.read() as conn:
        observed = observations.load(conn, context.corpus)
        out = context.keep_out.suppressed(conn) if context.keep_out is not None else None
    listings = tuple(_list(source, observed) for source in context.sources)
    suppressed: tuple[str, ...] = ()
    if out:
        listings, suppressed = without(context.corpus, listings, out)
        if suppressed and lease is not None and context.keep_out is not None:
            context.keep_out.drop(suppressed)
    labels = labels_of(context.access, listings)
    if lease is not None:
        labelled = relabel(context.ledger, lease, context.corpus, labels)
    else:
        with context.ledger.read() as conn:
            labelled = look_up(conn, labels)
    return Listed(
        listings=listings,
        acl_ids=labelled.acl_ids,
        labels=labels,
        relabelled=labelled.changed,
        observed=observed,
        began_us=began_us,
        at_us=time.time_ns() // 1000,
        out=out,
        suppressed=suppressed,
    )


def compare_with(
    context: SyncContext,
    listed: Listed,
    *,
    states: Mapping[str, BriefState],
    serving: Mapping[str, str],
    verify: bool,
    leader: str | None = None,
    aliases: Mapping[str, BriefState] | None = None,
    generation: str | None = None,
) -> Changes:
    """Hold a listing against what one generation holds.

    `verify` has every document read and hashed again, whatever its stamp says. `leader` is the recipe of the
    generation whose failures are those of the corpus, where that is another one: what stands failed there is
    not tried here, and what failed otherwise is not held against this one. `generation` is the one that is
    compared, where it has steps that may not have settled.
    """
    with context.ledger.read() as conn:
        known = Known(
            observations=listed.observed if leader is None else observations.load(conn, context.corpus),
            states=states,
            serving=serving,
            failures={row.uri: row for row in failures.list(conn, context.corpus) if row.stage != DUPLICATE},
            aliases=aliases or {},
            recipe=context.recipe.digest if leader is None else leader,
            leads=leader is None,
            retry_refused=context.retry_refused,
            rejected=_rejected(conn, context),
            unsettled=_unsettled(conn, context, generation),
        )
    due = listed.at_us if verify else listed.at_us - int(context.verify_after_days * _DAY_US)
    changes = compare(listed.listings, known, acl_ids=listed.acl_ids, verify_before_us=due)
    changes.labels = listed.labels
    changes.suppressed = len(listed.suppressed)
    changes.kept_out = partial(_kept_out, context.corpus, listed.out) if listed.out else None
    return changes


def without(
    corpus: str, listings: Sequence[Listing], out: Suppressed
) -> tuple[tuple[Listing, ...], tuple[str, ...]]:
    """The listings without documents that stay out, and the URIs of these."""
    kept: list[Listing] = []
    dropped: list[str] = []
    for listing in listings:
        whole = out.source(corpus, listing.source)
        gone = {item.uri for item in listing.items if whole or out.document(corpus, item.uri)}
        dropped += sorted(gone)
        items = [item for item in listing.items if item.uri not in gone]
        told = [failure for failure in listing.failures if not out.document(corpus, failure.document)]
        kept.append(replace(listing, items=items, failures=told))
    return tuple(kept), tuple(dropped)


def _rejected(conn: Connection, context: SyncContext) -> set[tuple[str, str]]:
    """URI and revision of what people keep out; where there are no gates, nothing is kept out."""
    if context.gating is None:
        return set()
    decided = gate_decisions.load(conn, context.corpus).rows
    return {key for key, rows in decided.items() if any(row.decision == "rejected" for row in rows)}


def _kept_out(corpus: str, out: Suppressed, candidate: Candidate, revision: str) -> bool:
    return out.content(corpus, revision, names=[candidate.item.uri, candidate.source])


def _unsettled(conn: Connection, context: SyncContext, generation: str | None) -> set[str]:
    if not context.asking or generation is None:
        return set()
    return step_states.unsettled(conn, generation, failed=context.retry_steps)


def _list(source: Source, observed: Mapping[str, Observation]) -> Listing:
    try:
        return source.list(observed)
    except (HeadraceError, OSError) as error:
        # A source that cannot be listed is a partial listing: its documents stay as they are.
        return Listing(source=source.name, items=(), complete=False, reason=str(error))
