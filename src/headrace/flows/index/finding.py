"""Find the generation that a caller means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.errors import NotFoundError, UsageError
from headrace.ledger import generations

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.index.parts import IndexParts
    from headrace.ledger.generations import Generation

_SHORTEST = 6


def find(conn: Connection, name: str) -> Generation:
    """A generation by its id, a start of it that only one has, or `corpus/ordinal`.

    Raises NotFoundError, UsageError.
    """
    exact = generations.get(conn, name)
    if exact is not None:
        return exact
    every = generations.list(conn)
    numbered = [item for item in every if name == f"{item.corpus}/{item.ordinal}"]
    started = [item for item in every if len(name) >= _SHORTEST and item.id.startswith(name)]
    found = numbered or started
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"{name!r} is the start of {len(found)} generations.", hint="Give more characters of the id."
        )
    raise NotFoundError(
        "generation",
        name,
        known=[f"{item.corpus}/{item.ordinal}" for item in every],
        hint="`headrace index list` shows them.",
    )


def serving_of(parts: IndexParts, conn: Connection, corpus: str) -> Generation:
    """The generation of a corpus that serves. Raises UsageError before there is one."""
    serving = parts.releases.generation(conn, corpus)
    generation = None if serving is None else generations.get(conn, serving)
    if generation is None:
        raise UsageError(f"Nothing of corpus {corpus!r} serves yet.", hint="Next: headrace sync")
    return generation


def unpruned(generation: Generation) -> Generation:
    """The generation itself. Raises UsageError when nothing of it is left."""
    if generation.pruned_at_us is None:
        return generation
    raise UsageError(
        f"Generation {generation.id!r} was pruned: its files are gone.",
        hint="`headrace index build` makes a new one; embeddings that are known are reused.",
    )
