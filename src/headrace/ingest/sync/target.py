"""The generation a sync writes: found by its recipe or made, recovered, cut over when whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.ingest.index.generation import GenerationTable
from headrace.ingest.sync.context import SyncContext
from headrace.ledger import artifacts, generations, leases, near_duplicates, snapshots
from headrace.ledger.documents import BriefState, load_brief
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.generations import Generation, State
from headrace.ledger.identity import digest
from headrace.ledger.leases import Lease
from headrace.ledger.ledger import Write
from headrace.ledger.near_duplicates import Row

if TYPE_CHECKING:
    from sqlalchemy import Connection

_BEFORE_CUTOVER = declare("sync.before_cutover")
_TABLE_CREATED = declare("sync.table_created")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The generation to write and what stands in it."""

    generation: Generation
    serving: str | None
    """Id of the generation that serves now; None before the first sync."""
    table: GenerationTable
    states: dict[str, BriefState]
    serving_sources: dict[str, str]
    """URI to source of the documents that serve now, those included that others stand for."""
    compared: dict[str, Row]
    """Documents that are compared with each other; empty where none is."""

    @property
    def aliases(self) -> dict[str, BriefState]:
        """Documents of the generation that yield to others and are not in its index."""
        return {
            row.uri: BriefState(
                uri=row.uri,
                source=row.source,
                revision=row.revision,
                input_digest=row.input_digest,
                digest="",
                chunk_count=0,
                acl_id=row.acl_id,
                metadata_schema=row.metadata_schema,
            )
            for row in self.compared.values()
            if row.fate != "served"
        }

    @property
    def is_serving(self) -> bool:
        """Whether readers see this generation."""
        return self.serving == self.generation.id


def existing(context: SyncContext) -> Target | None:
    """The target as it stands, without writing anything; None where it would have to be created."""
    with context.ledger.read() as conn:
        serving = context.serving.generation(conn, context.corpus)
        generation = _find(conn, context, serving)
        if generation is None or snapshots.current(conn, generation.id) is None:
            return None
        return _target(context, generation, serving, conn)


def open_target(context: SyncContext, lease: Lease, run_id: str) -> Target:
    """Find or create the generation of the recipe, and undo what a dead writer left unpublished."""
    with context.ledger.read() as conn:
        serving = context.serving.generation(conn, context.corpus)
        generation = _find(conn, context, serving)
    if generation is None:
        state: State = "live" if serving is None else "building"
        reason = "first sync" if serving is None else "recipe changed"
        generation = context.ledger.write(lambda tx: create(tx, context, state=state, reason=reason))
    table = _table(context, generation)
    _make_ready(context, table, generation, lease, run_id)
    if serving is None:
        # Nothing serves yet, so documents may appear as they arrive.
        context.ledger.write(
            lambda tx: context.serving.serve(tx, context.corpus, generation.id, reason="first sync")
        )
        serving = generation.id
    with context.ledger.read() as conn:
        return _target(context, generation, serving, conn, table)


def open_written(context: SyncContext, generation: Generation, lease: Lease, run_id: str) -> Target:
    """Open one generation to write it, by the recipe that built it."""
    table = _table(context, generation)
    _make_ready(context, table, generation, lease, run_id)
    with context.ledger.read() as conn:
        serving = context.serving.generation(conn, context.corpus)
        return _target(context, generation, serving, conn, table)


def create(
    tx: Write,
    context: SyncContext,
    *,
    state: State = "building",
    reason: str,
    overrides: Mapping[str, Any] | None = None,
) -> Generation:
    """Add a generation of the recipe to the registry; its table is made when it is opened."""
    recipe = artifacts.put(tx, "recipe", context.recipe.body())
    generation_id = next_generation_id(tx.conn, context)
    return generations.create(
        tx,
        id=generation_id,
        corpus=context.corpus,
        recipe=recipe,
        fingerprint=context.embedder.fingerprint,
        state=state,
        location=context.location(generation_id),
        actor=context.actor,
        reason=reason,
        settings=context.settings,
        overrides=overrides,
    )


def cut_over(
    context: SyncContext, target: Target, lease: Lease, *, chosen_over: Mapping[str, Any] | None
) -> None:
    """Move the environment's pointer to the target generation.

    `chosen_over` is what the configuration says, where it was chosen by hand to do otherwise.
    """
    fire(_BEFORE_CUTOVER)
    former = target.serving
    kept_us = int(context.keep_retired.total_seconds() * 1_000_000)

    def move(tx: Write) -> None:
        leases.check(tx, lease)
        context.serving.serve(tx, context.corpus, target.generation.id, reason="recipe changed")
        generations.set_state(
            tx, target.generation.id, "live", actor=context.actor, reason="cutover after sync"
        )
        generations.choose_over(tx, target.generation.id, chosen_over)
        if former is not None:
            generations.set_state(
                tx,
                former,
                "retired",
                actor=context.actor,
                reason="replaced",
                written_until_us=tx.now_us + kept_us,
            )

    context.ledger.write(move)


def next_generation_id(conn: Connection, context: SyncContext) -> str:
    """The id that the next generation of this recipe gets."""
    return digest("gen", [context.corpus, context.recipe.digest, _next_ordinal(conn, context)])


def _next_ordinal(conn: Connection, context: SyncContext) -> int:
    return len(generations.list(conn, context.corpus)) + 1


def _target(
    context: SyncContext,
    generation: Generation,
    serving: str | None,
    conn: Connection,
    table: GenerationTable | None = None,
) -> Target:
    states = {state.uri: state for state in load_brief(conn, generation.id)}
    if serving is None or serving == generation.id:
        sources = {uri: state.source for uri, state in states.items()}
    else:
        sources = {state.uri: state.source for state in load_brief(conn, serving)}
    sources |= near_duplicates.alias_sources(conn, serving or generation.id)
    return Target(
        generation=generation,
        serving=serving,
        table=table or _table(context, generation),
        states=states,
        serving_sources=sources,
        compared={} if context.comparison is None else near_duplicates.load(conn, generation.id),
    )


def _find(conn: Connection, context: SyncContext, serving: str | None) -> Generation | None:
    """The generation of the recipe; where several have it, the one that serves."""
    live = None if serving is None else generations.get(conn, serving)
    if live is not None and live.recipe == context.recipe.digest:
        return live
    return generations.find(conn, context.corpus, context.recipe.digest)


def _table(context: SyncContext, generation: Generation) -> GenerationTable:
    return GenerationTable(
        generation.location, dimension=context.embedder.dimension, config=context.index_config
    )


def _make_ready(
    context: SyncContext, table: GenerationTable, generation: Generation, lease: Lease, run_id: str
) -> None:
    """Make the table where it was never published, else undo what was never published in it."""
    with context.ledger.read() as conn:
        published = snapshots.current(conn, generation.id) is not None
    if published:
        recover(context, table, generation.id, lease, run_id)
        return
    version = table.table.create(_schema(table))
    fire(_TABLE_CREATED)
    context.ledger.write(lambda tx: _publish_empty(tx, generation.id, lease, version, run_id))


def _publish_empty(tx: Write, generation: str, lease: Lease, version: int, run_id: str) -> None:
    leases.check(tx, lease)
    snapshots.publish(tx, generation, version=version, run_id=run_id, documents=0, chunks=0)


def recover(context: SyncContext, table: GenerationTable, generation: str, lease: Lease, run_id: str) -> None:
    """Go back to the published version where a dead writer left something unpublished."""
    with context.ledger.read() as conn:
        snapshot = snapshots.current(conn, generation)
    if snapshot is None:
        return
    head = table.table.refresh()
    if head == snapshot.version:
        return
    version = table.table.restore(snapshot.version)

    def publish(tx: Write) -> None:
        leases.check(tx, lease)
        snapshots.publish(
            tx,
            generation,
            version=version,
            run_id=run_id,
            documents=snapshot.documents,
            chunks=snapshot.chunks,
            digest=snapshot.digest,
        )

    context.ledger.write(publish)


def _schema(table: GenerationTable) -> Any:
    from headrace.ingest.index.schema import chunk_schema

    return chunk_schema(table.dimension)
