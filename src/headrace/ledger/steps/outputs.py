"""Outputs of LLM steps by what they were made of, and which documents use them.

A key names the input, the prompt, the model with its parameters, and the schema: whoever asks the same again
gets the same output without a call. An output and its use are written together, so that `forget` finds it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from headrace.ledger.failpoints import declare, fire
from headrace.ledger.storage.rows import insert_new, slices, storable
from headrace.ledger.storage.tables.steps import step_outputs as table
from headrace.ledger.storage.tables.steps import step_uses as uses

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

_IN_TRANSACTION = declare("steps.in_output_transaction")


class StepOutput(NamedTuple):
    """A valid output and what wrote it."""

    key: str
    prompt_name: str
    prompt_digest: str
    model: str
    """Identity of the model as it was declared."""
    answered_by: str
    """Model id the provider says it used."""
    schema_digest: str
    parameters: str
    """JSON."""
    output: str
    """JSON of the value."""
    repair: str | None
    """`syntax` or `reask`; None when it was valid as written."""
    attempts: int
    """Requests it took."""
    input_tokens: int | None
    output_tokens: int | None
    created_at_us: int = 0

    @property
    def value(self) -> Any:
        """The output itself."""
        return json.loads(self.output)


class Use(NamedTuple):
    """A document that an output was written for."""

    uri: str
    key: str


def load(conn: Connection, keys: Collection[str]) -> dict[str, StepOutput]:
    """The outputs of keys; those without one are left out."""
    found: dict[str, StepOutput] = {}
    for part in slices(sorted(keys)):
        for row in conn.execute(sa.select(table).where(table.c.key.in_(part))):
            found[row.key] = StepOutput(*row)
    return found


def put(tx: Write, corpus: str, rows: Sequence[StepOutput], used: Iterable[Use]) -> None:
    """Keep outputs with their uses; an output that is there already stays as it is."""
    stored = [row._replace(output=storable(row.output), created_at_us=tx.now_us) for row in rows]
    insert_new(tx.conn, table, stored)
    use(tx, corpus, used)
    fire(_IN_TRANSACTION)


def use(tx: Write, corpus: str, used: Iterable[Use]) -> None:
    """Note that documents use outputs."""
    insert_new(tx.conn, uses, [(corpus, *pair) for pair in sorted(set(used))])


def unknown(conn: Connection, corpus: str, used: Collection[Use]) -> list[Use]:
    """The uses that are not noted yet."""
    known: set[Use] = set()
    for part in slices(sorted({pair.key for pair in used})):
        statement = sa.select(uses.c.uri, uses.c.key).where(uses.c.corpus == corpus, uses.c.key.in_(part))
        known.update(Use(*row) for row in conn.execute(statement))
    return sorted(set(used) - known)
