"""What an index owes its readers, by kind: from the ledger and one look at the metadata of the index."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from headrace.errors import StorageError
from headrace.flows.freshness.index import Gaps, look, wrong_rows
from headrace.ingest.index.lacking import lacking_documents
from headrace.ingest.sync.access import AccessRules
from headrace.ledger import (
    acls,
    documents,
    failures,
    generations,
    listings,
    near_duplicates,
    observations,
    snapshots,
)
from headrace.ledger.documents import BriefState
from headrace.records.document import Content, SourceItem
from headrace.records.freshness import Debt

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.events.base import EventStore
    from headrace.records.metadata import MetadataSchema

KINDS: Mapping[str, str] = {
    "stale": "documents whose source holds something newer, as far as the last listing knows",
    "missing": "documents that are listed and not served",
    "ghost": "documents that are served and no longer listed, because their deletion is withheld",
    "wrong_version": "chunks that do not belong to the revision that the ledger names",
    "permission_stale": "documents whose access labels differ from what the configuration gives them",
    "metadata_missing": "chunks that lack a declared field of metadata",
    "unindexed": "chunks that an index does not cover, so that a search compares them one by one",
}
"""Each kind and what it counts."""
_RECENT_NS = 7 * 86_400 * 1_000_000_000
_SHOWN = 5
_WEIGHED = 5000
"""Documents of a kind whose hits are looked up at most."""


def debt(
    conn: Connection,
    corpus: str,
    generation: str | None,
    *,
    access: AccessRules,
    events: EventStore,
    schema: MetadataSchema,
    deep: bool,
) -> dict[str, Debt]:
    """What the generation that serves owes. `deep` compares every row of the index with the ledger."""
    if generation is None:
        return {kind: Debt() for kind in KINDS}
    since: dict[str, dict[str, int | None]] = {kind: {} for kind in KINDS}
    _failing(conn, corpus, generation, since)
    for row in listings.absent(conn, corpus):
        since["ghost"][row.uri] = row.since_us
    states = documents.load_brief(conn, generation)
    since["permission_stale"] = dict.fromkeys(_other_labels(conn, states, access))
    found = {kind: _weighed(corpus, uris, events) for kind, uris in since.items()}
    found["metadata_missing"] = _lacking(conn, corpus, generation, schema, events)
    return found | _of_index(conn, generation, states, deep=deep)


def _lacking(
    conn: Connection, corpus: str, generation: str, schema: MetadataSchema, events: EventStore
) -> Debt:
    pending = lacking_documents(conn, generation, schema)
    chunks = {document.uri: document.chunk_count for document, fields in pending if fields}
    return replace(_weighed(corpus, dict.fromkeys(chunks), events), count=sum(chunks.values()))


def total(debts: Sequence[Mapping[str, Debt]]) -> dict[str, Debt]:
    """The debts of several corpora together."""
    summed = {}
    for kind in KINDS:
        parts = [one[kind] for one in debts]
        ages = [part.oldest_seconds for part in parts if part.oldest_seconds is not None]
        summed[kind] = Debt(
            count=sum(part.count for part in parts),
            oldest_seconds=max(ages, default=None),
            weight=sum(part.weight for part in parts),
            documents=tuple(name for part in parts for name in part.documents)[:_SHOWN],
            note="; ".join(part.note for part in parts if part.note),
        )
    return summed


def _failing(conn: Connection, corpus: str, generation: str, since: dict[str, dict[str, int | None]]) -> None:
    # A document that another one stands for is neither missing nor stale.
    stood_for = near_duplicates.alias_sources(conn, generation)
    first = {row.uri: row.first_at_us for row in failures.waiting(conn, corpus) if row.uri not in stood_for}
    served = documents.lookup(conn, generation, sorted(first))
    for uri, first_at_us in first.items():
        since["stale" if uri in served else "missing"][uri] = first_at_us
    for uri, held, seen_us in observations.unlike(conn, corpus, generation):
        if uri not in stood_for:
            since["missing" if held is None else "stale"].setdefault(uri, seen_us)


def _other_labels(conn: Connection, states: Sequence[BriefState], access: AccessRules) -> list[str]:
    keys = acls.keys(conn, {state.acl_id for state in states})
    given = acls.labels(conn, list(keys))
    found = []
    for state in states:
        # A set that the source declares is not for the rules to say.
        if not keys.get(state.acl_id, "set:").startswith("set:"):
            _, wanted = access.of(SourceItem(uri=state.uri, stamp="", read=_nothing))
            if tuple(sorted(set(wanted))) != given[state.acl_id]:
                found.append(state.uri)
    return found


def _weighed(corpus: str, since: Mapping[str, int | None], events: EventStore) -> Debt:
    now_us = time.time_ns() // 1000
    refs = [f"{corpus}/{uri}" for uri in sorted(since)[:_WEIGHED]]
    met = events.met(refs, since_ns=time.time_ns() - _RECENT_NS) if refs else {}
    hits = {ref: met.get(ref, (0, 0))[0] for ref in refs}
    times = [time_us for time_us in since.values() if time_us is not None]
    return Debt(
        count=len(since),
        oldest_seconds=round(max(0, now_us - min(times)) / 1e6, 3) if times else None,
        weight=sum(hits.values()),
        documents=tuple(sorted(refs, key=lambda ref: (-hits[ref], ref))[:_SHOWN]),
    )


def _of_index(
    conn: Connection, generation: str, states: Sequence[BriefState], *, deep: bool
) -> dict[str, Debt]:
    snapshot, row = snapshots.current(conn, generation), generations.get(conn, generation)
    if snapshot is None or row is None:
        return {}
    held = {state.uri: state.revision for state in states}
    chunks = sum(state.chunk_count for state in states)
    try:
        gaps: Gaps = look(row.location, snapshot.version)
        wrong = wrong_rows(row.location, snapshot.version, held) if deep else abs(gaps.rows - chunks)
    except StorageError as error:
        return {kind: Debt(note=error.message) for kind in ("wrong_version", "unindexed")}
    return {"wrong_version": Debt(count=wrong), "unindexed": Debt(count=gaps.unindexed)}


def _nothing() -> Content:
    return Content(data=b"")
