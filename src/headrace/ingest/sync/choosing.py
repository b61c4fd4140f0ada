"""Which recipe a sync works by: the configured one, unless another generation was chosen by hand since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace.ingest.sync.context import SyncContext
from headrace.ledger import artifacts, generations

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.generations import Generation


def chosen(context: SyncContext) -> SyncContext:
    """The context of the recipe to work by.

    After `index cutover` or `index rollback` the generation that serves may not be what headrace.toml asks
    for. What it asked for then is on record: only a configuration that differs from that counts as changed.
    """
    with context.ledger.read() as conn:
        serving = context.serving.generation(conn, context.corpus)
        live = None if serving is None else generations.get(conn, serving)
        if live is None or not by_hand(live, context):
            return context
        settings = settings_of(conn, live)
    if dict(settings) == dict(context.settings):
        return context
    return replace(context.with_settings(settings), metadata=context.metadata)


def by_hand(live: Generation, context: SyncContext) -> bool:
    """Whether the generation that serves was chosen by hand over what the configuration still says."""
    if live.chosen_over is None:
        return False
    # A key that a newer version knows is no change of the configuration.
    if any(context.settings.get(key) != live.chosen_over.get(key) for key in ("gates", "steps")):
        return False
    return all(context.settings.get(key) == value for key, value in live.chosen_over.items())


def settings_of(conn: Connection, generation: Generation) -> dict[str, Any]:
    """The keys of `[corpus.NAME.recipe]` that build a generation."""
    if generation.settings:
        return dict(generation.settings)
    recipe = artifacts.get(conn, generation.recipe)
    body: Mapping[str, Any] = {} if recipe is None else recipe.body
    chunker, embedder = body.get("chunker", {}), body.get("embedder", {})
    found = {name: chunker[name] for name in ("chunk_tokens", "chunk_overlap") if name in chunker}
    return found | ({"embedder": embedder["spec"]} if "spec" in embedder else {})
