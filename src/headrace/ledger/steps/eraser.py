"""Forgetting what LLM steps wrote for a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from headrace.ledger.erasers import covers
from headrace.ledger.erasure.scope import Scope
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.storage.cleaning import clean_ledger
from headrace.ledger.storage.rows import slices
from headrace.ledger.storage.tables.documents import documents
from headrace.ledger.storage.tables.generations import generations
from headrace.ledger.storage.tables.steps import step_outputs, step_uses

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write

NAME = "steps"
_ERASED = declare("erase.steps_in_transaction")

covers(NAME, "table:step_outputs")


class StepEraser:
    """Erases outputs that no other document of the index uses. It runs before the uses themselves go."""

    name = NAME

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def find(self, scope: Scope) -> int:
        """Outputs that would go."""
        with self._ledger.read() as conn:
            return len(_doomed(conn, scope))

    def erase(self, scope: Scope) -> int:
        """Remove them and every note of their use."""

        def work(tx: Write) -> int:
            keys = _doomed(tx.conn, scope)
            for part in slices(keys):
                tx.conn.execute(sa.delete(step_outputs).where(step_outputs.c.key.in_(part)))
                tx.conn.execute(sa.delete(step_uses).where(step_uses.c.key.in_(part)))
            fire(_ERASED)
            return len(keys)

        return self._ledger.write(work)

    def clean(self, scope: Scope) -> None:
        """Empty the log and the free pages."""
        clean_ledger(self._ledger, {step_outputs.name, step_uses.name})


def _doomed(conn: Connection, scope: Scope) -> list[str]:
    targets = set(scope.targets)
    keys: set[str] = set()
    for corpus in scope.corpora:
        for part in slices(scope.uris(corpus)):
            statement = sa.select(step_uses.c.key).where(
                step_uses.c.corpus == corpus, step_uses.c.uri.in_(part)
            )
            keys.update(conn.execute(statement).scalars())
    stays: set[str] = set()
    for part in slices(sorted(keys)):
        others = (
            sa.select(step_uses.c.corpus, step_uses.c.uri, step_uses.c.key)
            .join(documents, documents.c.uri == step_uses.c.uri)
            .join(
                generations,
                sa.and_(
                    generations.c.id == documents.c.generation, generations.c.corpus == step_uses.c.corpus
                ),
            )
            .where(step_uses.c.key.in_(part))
            .distinct()
        )
        stays.update(row.key for row in conn.execute(others) if (row.corpus, row.uri) not in targets)
    return sorted(keys - stays)
