"""`index build`: make a generation beside the one that serves, and backfill it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from headrace.errors import UsageError
from headrace.ingest.sync import target as targets
from headrace.ingest.sync.backfill import Backfilled, Pace, backfill
from headrace.ledger import documents, generations, leases, runs
from headrace.ledger.failpoints import declare, fire
from headrace.records.generations import BuildReport
from headrace.records.sync import EmbeddingCounts
from headrace.records.wire import to_plain

if TYPE_CHECKING:
    from headrace.flows.index.parts import IndexParts
    from headrace.ingest.sync.context import SyncContext
    from headrace.ledger.generations import Generation, State
    from headrace.ledger.ledger import Write
    from headrace.records.sync import SyncProgress

_UNFINISHED: Sequence[State] = ("building", "catching_up", "validating")
_CREATED = declare("index.build_created")


def build(
    parts: IndexParts,
    *,
    corpus: str | None = None,
    recipe: Mapping[str, str] | None = None,
    fresh: bool = False,
    pace: Pace | None = None,
    progress: Callable[[SyncProgress], None] | None = None,
) -> BuildReport:
    """Build a generation by the configured recipe with some keys given otherwise.

    A build that ended early goes on. Raises UsageError for an unknown key, and where the generation that
    serves has this recipe already and no `fresh` one was asked for.
    """
    started = time.monotonic()
    name = parts.corpus(corpus)
    configured = replace(parts.context(name), progress=progress)
    settings = parts.recipe(name, recipe or {})
    context = replace(configured.with_settings(settings), progress=progress)
    overrides = {key: value for key, value in settings.items() if configured.settings.get(key) != value}
    generation, run_id = _begin(context, overrides, fresh=fresh)
    fire(_CREATED)
    try:
        done = backfill(context, generation, run_id=run_id, pace=pace or Pace())
    except BaseException as error:
        failed = {"error": f"{type(error).__name__}: {error}"}
        context.ledger.write(lambda tx: runs.finish(tx, run_id, "failed", report=failed))
        raise
    report = _report(context, generation, done, seconds=time.monotonic() - started)
    context.ledger.write(lambda tx: runs.finish(tx, run_id, "done", report=to_plain(report)))
    return report


def _begin(context: SyncContext, overrides: Mapping[str, object], *, fresh: bool) -> tuple[Generation, str]:
    """Find the generation to go on with, or make one, under the lease of the corpus."""
    name = f"corpus/{context.corpus}"
    with leases.held(context.ledger, name, wait_seconds=context.wait_seconds) as lease:

        def begin(tx: Write) -> tuple[Generation, str]:
            leases.check(tx, lease)
            runs.crash_orphans(tx, context.corpus, kind="build")
            run_id = runs.start(tx, "build", context.corpus, actor=context.actor)
            return _generation(tx, context, overrides, fresh=fresh), run_id

        return context.ledger.write(begin)


def _generation(
    tx: Write, context: SyncContext, overrides: Mapping[str, object], *, fresh: bool
) -> Generation:
    recipe = context.recipe.digest
    serving = context.serving.generation(tx.conn, context.corpus)
    if serving is None:
        raise UsageError(
            f"Nothing of corpus {context.corpus!r} serves yet.",
            hint="`headrace sync` builds the first generation.",
        )
    found = generations.find(tx.conn, context.corpus, recipe, states=_UNFINISHED)
    if found is not None and found.id != serving:
        return found
    live = generations.get(tx.conn, serving)
    if live is not None and live.recipe == recipe and not fresh:
        raise UsageError(
            f"Generation {live.id!r}, which serves, was built by this recipe.",
            hint="Give other keys with --recipe, or --fresh for another generation of the same recipe.",
        )
    retired = generations.find(tx.conn, context.corpus, recipe, states=("retired",))
    if retired is not None and not fresh:
        return generations.set_state(
            tx, retired.id, "building", actor=context.actor, reason="built again by `index build`"
        )
    return targets.create(tx, context, overrides=overrides, reason="`index build`")


def _report(context: SyncContext, generation: Generation, done: Backfilled, *, seconds: float) -> BuildReport:
    with context.ledger.read() as conn:
        row = generations.get(conn, generation.id) or generation
        serving = context.serving.generation(conn, context.corpus)
        held, chunks = documents.count(conn, generation.id)
        coverage = documents.coverage(conn, serving, generation.id).share if serving else 1.0
    price = context.embedder.price_per_million_tokens
    cost = row.cost_micros
    return BuildReport(
        generation=generation.id,
        corpus=context.corpus,
        ordinal=generation.ordinal,
        state=done.state,
        digest=done.digest,
        documents=held,
        chunks=chunks,
        coverage=coverage,
        embeddings=EmbeddingCounts(computed=done.computed, reused=done.reused),
        cost=None if price is None else (cost or 0) / 1_000_000,
        seconds=round(seconds, 3),
        failures=tuple(done.failures.values()),
    )
