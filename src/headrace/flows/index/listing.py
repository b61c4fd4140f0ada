"""`index list` and `index show`: what generations there are and how each came to be as it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.flows.index.configuration import agreeing_lines
from headrace.flows.index.finding import find
from headrace.ingest.sync.choosing import settings_of
from headrace.ledger import artifacts, documents, generations, snapshots
from headrace.records.generations import GenerationDetail, GenerationList, GenerationReport, GenerationState
from headrace.records.sync import EmbeddingCounts

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.index.parts import IndexParts
    from headrace.ledger.generations import Generation


def list_generations(parts: IndexParts, corpus: str | None = None) -> GenerationList:
    """Every generation of a corpus, or of all."""
    with parts.ledger.read() as conn:
        rows = generations.list(conn, None if corpus is None else parts.corpus(corpus))
        return GenerationList(generations=tuple(report(parts, conn, row) for row in rows))


def show(parts: IndexParts, name: str) -> GenerationDetail:
    """One generation with its recipe and every state it was in. Raises NotFoundError."""
    with parts.ledger.read() as conn:
        generation = find(conn, name)
        recipe = artifacts.get(conn, generation.recipe)
        snapshot = snapshots.current(conn, generation.id)
        return GenerationDetail(
            generation=report(parts, conn, generation),
            recipe={} if recipe is None else recipe.body,
            history=tuple(
                GenerationState(state=step.state, at_us=step.at_us, actor=step.actor, reason=step.reason)
                for step in generations.history(conn, generation.id)
            ),
            publishes=0 if snapshot is None else snapshot.seq,
            published_at_us=None if snapshot is None else snapshot.published_at_us,
        )


def report(parts: IndexParts, conn: Connection, generation: Generation) -> GenerationReport:
    """One generation as doors show it."""
    serving = parts.releases.generation(conn, generation.corpus)
    snapshot = snapshots.current(conn, generation.id)
    recipe = artifacts.get(conn, generation.recipe)
    held, chunks = documents.count(conn, generation.id)
    covered = documents.coverage(conn, serving, generation.id) if serving else None
    cost = generation.cost_micros
    by_hand = generation.id == serving and generation.chosen_over is not None
    return GenerationReport(
        generation=generation.id,
        corpus=generation.corpus,
        ordinal=generation.ordinal,
        state=generation.state,
        serves=generation.id == serving,
        written=generations.is_written(generation, now_us=time.time_ns() // 1000),
        recipe=generation.recipe,
        embedder="" if recipe is None else str(recipe.body["embedder"].get("spec", "")),
        fingerprint=generation.fingerprint,
        overrides=generation.overrides,
        documents=held,
        chunks=chunks,
        size_bytes=size_of(generation.location),
        digest=snapshot.digest if snapshot else None,
        coverage=None if covered is None else covered.share,
        embeddings=EmbeddingCounts(
            computed=generation.embeddings_computed, reused=generation.embeddings_reused
        ),
        cost=None if cost is None else cost / 1_000_000,
        sources=generation.sources,
        created_at_us=generation.created_at_us,
        changed_at_us=generation.changed_at_us,
        written_until_us=generation.written_until_us,
        pruned_at_us=generation.pruned_at_us,
        actor=generation.actor,
        reason=generation.reason,
        configuration=_lines(parts, conn, generation) if by_hand else (),
    )


def _lines(parts: IndexParts, conn: Connection, generation: Generation) -> tuple[str, ...]:
    configured = parts.recipe(generation.corpus, {})
    return agreeing_lines(generation.corpus, settings_of(conn, generation), configured)


def size_of(location: str) -> int | None:
    """Bytes under a local folder; None for the URL of an object store."""
    if "://" in location:
        return None
    total = 0
    for path in Path(location).rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue  # a version that is being cleaned up
    return total
