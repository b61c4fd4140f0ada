"""`status`: how each corpus stands, what failed and why, how fresh it is."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.flows.freshness.debt import debt, total
from headrace.flows.freshness.lag import lag
from headrace.ingest.index.lacking import lacking, misfits
from headrace.ingest.sync.access import AccessRules
from headrace.ingest.sync.changes import DUPLICATE
from headrace.ledger import (
    dead_letters,
    documents,
    failures,
    generations,
    metadata,
    near_duplicates,
    probes,
    runs,
    sentinels,
    snapshots,
    verdicts,
)
from headrace.ledger.erasure import register
from headrace.ledger.events.base import EventStore
from headrace.ledger.steps import states as step_states
from headrace.records.explain import CorpusStatus, StatusReport
from headrace.records.freshness import Service
from headrace.ship.releases import Releases

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.ledger import Ledger
    from headrace.records.metadata import MetadataSchema


def status(
    ledger: Ledger,
    *,
    workspace: str,
    corpora: Mapping[str, Sequence[str]],
    embedders: Mapping[str, str],
    releases: Releases,
    events: EventStore,
    folders: Mapping[str, Path],
    services: Mapping[str, Mapping[str, Service]],
    access: Mapping[str, AccessRules],
    schemas: Mapping[str, MetadataSchema],
    deep: bool = False,
) -> StatusReport:
    """Report on a workspace. `corpora` maps names to their sources, `embedders` to the configured embedder,
    `folders` names the local storage to measure, `services` what is asked of each source of a corpus,
    `access` its rules, `schemas` its declared metadata. `deep` compares every row of the index with the
    ledger."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with ledger.read() as conn:
        release = releases.current(conn)
        erasing = len(register.unfinished(conn))
        rows = tuple(
            replace(
                _corpus(conn, name, sources, embedders.get(name), releases),
                **_metadata(conn, name, releases, schemas[name]),
                freshness=lag(conn, name, services[name]),
                debt=debt(
                    conn,
                    name,
                    releases.generation(conn, name),
                    access=access[name],
                    events=events,
                    schema=metadata.in_force(conn, name, schemas[name]),
                    deep=deep,
                ),
            )
            for name, sources in corpora.items()
        )
    return StatusReport(
        workspace=workspace,
        release=release.digest if release else None,
        environment=releases.environment,
        ledger=ledger.engine_name,
        corpora=rows,
        calls_today=events.count(int(midnight.timestamp() * 1_000_000_000)),
        storage_bytes={name: _size(folder) for name, folder in folders.items()},
        freshness=tuple(source for row in rows for source in row.freshness),
        debt=total([row.debt for row in rows]),
        erasures_unfinished=erasing,
    )


def _corpus(
    conn: Connection, name: str, sources: Sequence[str], embedder: str | None, releases: Releases
) -> CorpusStatus:
    generation_id = releases.generation(conn, name)
    generation = generations.get(conn, generation_id) if generation_id else None
    snapshot = snapshots.current(conn, generation_id) if generation_id else None
    count, chunks = documents.count(conn, generation_id) if generation_id else (0, 0)
    block = sentinels.block(conn, generation.fingerprint) if generation else None
    probed = probes.last(conn, generation_id) if generation_id else None
    last = runs.last(conn, name, kind="sync")
    whole = runs.last(conn, name, state="done", kind="sync")
    report = last.report if last is not None and last.report else {}
    withheld = report.get("documents", {}).get("withheld", 0) if last and last.state == "withheld" else 0
    finished = whole.finished_at_us if whole is not None else None
    return CorpusStatus(
        corpus=name,
        generation=generation_id,
        digest=snapshot.digest if snapshot else None,
        recipe=generation.recipe if generation else None,
        embedder=embedder,
        documents=count,
        chunks=chunks,
        last_sync_us=last.finished_at_us if last is not None else None,
        last_sync_seconds=report.get("seconds"),
        last_run=last.id if last is not None else None,
        last_run_state=last.state if last is not None else None,
        freshness_seconds=None if finished is None else round(time.time() - finished / 1e6, 3),
        withheld=withheld,
        failures=tuple(
            {
                "document": row.uri,
                "stage": row.stage,
                "error": row.error,
                "first_at_us": row.first_at_us,
                "last_at_us": row.last_at_us,
                "attempts": row.attempts,
            }
            for row in failures.waiting(conn, name)
            if row.stage != DUPLICATE
        ),
        aliases=_aliases(conn, generation_id),
        sources=tuple(sources),
        dead_letters=dead_letters.count(conn, name),
        steps={} if generation is None else step_states.counts(conn, generation.id),
        embedder_blocked=block.reason if block else "",
        recall=None if probed is None else round(probed.recall, 4),
        probe_floor=None if probed is None else probed.floor,
        quarantine=verdicts.waiting(conn, generation_id) if generation_id else {},
    )


def _metadata(
    conn: Connection, corpus: str, releases: Releases, configured: MetadataSchema
) -> dict[str, Any]:
    generation = releases.generation(conn, corpus)
    if generation is None:
        return {}
    schema = metadata.in_force(conn, corpus, configured)
    return {
        "metadata_missing": lacking(conn, generation, schema),
        "metadata_misfits": misfits(conn, generation),
    }


def _size(folder: Path) -> int:
    if not folder.exists():
        return 0
    if folder.is_file():
        return folder.stat().st_size
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _aliases(conn: Connection, generation: str | None) -> tuple[Mapping[str, Any], ...]:
    """Documents that others are served for."""
    rows = near_duplicates.load(conn, generation) if generation is not None else {}
    return tuple(
        {"document": uri, "winner": row.winner, "similarity": row.similarity, "fate": row.fate}
        for uri, row in sorted(rows.items())
        if row.fate != "served"
    )
