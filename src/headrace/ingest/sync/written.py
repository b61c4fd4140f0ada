"""What a sync keeps in step beside its own target: every generation that serves, will serve, or served."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from headrace.errors import UsageError
from headrace.ingest.sync.choosing import settings_of
from headrace.ledger import generations

if TYPE_CHECKING:
    from headrace.ingest.sync.context import SyncContext
    from headrace.ledger.generations import Generation


def beside(context: SyncContext, target: str) -> list[Generation]:
    """The other generations that a sync writes, the one that serves first."""
    now_us = time.time_ns() // 1000
    with context.ledger.read() as conn:
        serving = context.serving.generation(conn, context.corpus)
        rows = generations.list(conn, context.corpus)
    written = [row for row in rows if row.id != target and generations.is_written(row, now_us=now_us)]
    return sorted(written, key=lambda row: (row.id != serving, row.ordinal))


def context_of(context: SyncContext, generation: Generation) -> SyncContext:
    """What builds a generation. Raises HeadraceError where its recipe cannot be followed any more."""
    if context.recipe.digest == generation.recipe:
        return context
    with context.ledger.read() as conn:
        settings = settings_of(conn, generation)
    made = replace(context.with_settings(settings), metadata=context.metadata)
    if made.recipe.digest != generation.recipe:
        raise UsageError(
            f"Generation {generation.id!r} was built by parts of other versions "
            f"(recipe {generation.recipe!r}, now {made.recipe.digest!r}).",
            hint="`headrace index build` makes one with the parts of this version.",
        )
    return made
