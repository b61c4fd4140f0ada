"""The generation a sync writes: found by its recipe or made, recovered, cut over when whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.ingest.index.generation import GenerationTable
from headrace.ingest.sync.context import SyncContext
from headrace.ledger import artifacts, generations, leases, snapshots
from headrace.ledger.documents import BriefState, load_brief
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.generations import Generation
from headrace.ledger.identity import digest
from headrace.ledger.leases import Lease
from headrace.ledger.ledger import Write

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
    """URI to source of the documents that serve now."""

    @property
    def is_serving(self) -> bool:
        """Whether readers see this generation."""
        return self.serving == self.generation.id


def existing(context: SyncContext) -> Target | None:
    """The target as it stands, without writing anything; None where it would have to be created."""
    with context.ledger.read() as conn:
        generation = generations.find(conn, context.corpus, context.recipe.digest)
        serving = context.serving.generation(conn, context.corpus)
        if generation is None or snapshots.current(conn, generation.id) is None:
            return None
        return _target(context, generation, serving, conn)


def open_target(context: SyncContext, lease: Lease, run_id: str) -> Target:
    """Find or create the generation of the recipe, and undo what a dead writer left unpublished."""
    with context.ledger.read() as conn:
        generation = generations.find(conn, context.corpus, context.recipe.digest)
        serving = context.serving.generation(conn, context.corpus)
        snapshot = snapshots.current(conn, generation.id) if generation else None
    if generation is None:
        generation = context.ledger.write(lambda tx: _create(tx, context))
    table = GenerationTable(
        generation.location, dimension=context.embedder.dimension, config=context.index_config
    )
    if snapshot is None:
        version = table.table.create(_schema(table))
        fire(_TABLE_CREATED)
        context.ledger.write(lambda tx: _publish_empty(tx, generation.id, lease, version, run_id))
    else:
        recover(context, table, generation.id, lease, run_id)
    if serving is None:
        # Nothing serves yet, so documents may appear as they arrive.
        context.ledger.write(
            lambda tx: context.serving.serve(tx, context.corpus, generation.id, reason="first sync")
        )
        serving = generation.id
    with context.ledger.read() as conn:
        return _target(context, generation, serving, conn, table)


def cut_over(context: SyncContext, target: Target) -> None:
    """Move the environment's pointer to the target generation."""
    fire(_BEFORE_CUTOVER)
    former = target.serving

    def move(tx: Write) -> None:
        context.serving.serve(tx, context.corpus, target.generation.id, reason="recipe changed")
        generations.set_state(
            tx, target.generation.id, "live", actor=context.actor, reason="cutover after sync"
        )
        if former is not None:
            generations.set_state(tx, former, "retired", actor=context.actor, reason="replaced")

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
    return Target(
        generation=generation,
        serving=serving,
        table=table
        or GenerationTable(
            generation.location, dimension=context.embedder.dimension, config=context.index_config
        ),
        states=states,
        serving_sources=sources,
    )


def _create(tx: Write, context: SyncContext) -> Generation:
    recipe = artifacts.put(tx, "recipe", context.recipe.body())
    generation_id = next_generation_id(tx.conn, context)
    first = context.serving.generation(tx.conn, context.corpus) is None
    return generations.create(
        tx,
        id=generation_id,
        corpus=context.corpus,
        recipe=recipe,
        fingerprint=context.embedder.fingerprint,
        state="live" if first else "building",
        location=context.location(generation_id),
        actor=context.actor,
        reason="first sync" if first else "recipe changed",
    )


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
