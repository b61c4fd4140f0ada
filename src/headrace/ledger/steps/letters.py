"""Dead letters of LLM steps: outputs that never became valid, kept whole."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import slices, storable, upsert
from headrace.ledger.storage.tables.generations import generations
from headrace.ledger.storage.tables.steps import step_letters as table
from headrace.ledger.storage.tables.steps import step_states

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class StepLetter(NamedTuple):
    """One step and one document that it found no output for."""

    uri: str
    step: str
    key: str
    revision: str
    reason: str
    """`refused`, `truncated`, `invalid`, `timeout`, `rejected` or `unrendered`."""
    detail: str
    attempts: str
    """JSON list of attempts with the raw output of each."""
    prompt_digest: str
    model: str
    first_at_us: int = 0
    last_at_us: int = 0
    tries: int = 1
    """Runs that asked for it."""

    @property
    def tried(self) -> list[Mapping[str, Any]]:
        """The attempts of the last run."""
        return list(json.loads(self.attempts))


_COLUMNS = [table.c[name] for name in StepLetter._fields]


def by_key(conn: Connection, keys: Collection[str]) -> dict[str, list[StepLetter]]:
    """The letters of each key that has any, by document."""
    found: dict[str, list[StepLetter]] = {}
    for part in slices(sorted(keys)):
        for row in conn.execute(sa.select(*_COLUMNS).where(table.c.key.in_(part)).order_by(table.c.uri)):
            found.setdefault(row.key, []).append(StepLetter(*row))
    return found


def of_corpus(conn: Connection, corpus: str) -> list[StepLetter]:
    """Every letter of a corpus, by document and step."""
    statement = sa.select(*_COLUMNS).where(table.c.corpus == corpus)
    return sorted(StepLetter(*row) for row in conn.execute(statement))


def put(tx: Write, corpus: str, rows: Sequence[StepLetter]) -> None:
    """Keep letters; one that is there already keeps its first time and counts one run more."""
    known: dict[tuple[str, str, str], tuple[int, int]] = {}
    for part in slices(sorted({row.key for row in rows})):
        statement = sa.select(*_COLUMNS).where(table.c.corpus == corpus, table.c.key.in_(part))
        for row in tx.conn.execute(statement):
            known[row.uri, row.step, row.key] = (row.first_at_us, row.tries)
    stored = []
    for letter in rows:
        first_at_us, tries = known.get((letter.uri, letter.step, letter.key), (tx.now_us, 0))
        texts = (storable(letter.detail), storable(letter.attempts))
        facts = (letter.revision, letter.reason, *texts, letter.prompt_digest, letter.model)
        times = (first_at_us, tx.now_us, tries + 1)
        stored.append((corpus, letter.uri, letter.step, letter.key, *facts, *times))
    upsert(tx.conn, table, stored)


def drop(tx: Write, keys: Collection[str]) -> None:
    """Drop the letters of keys that have an output now."""
    for part in slices(sorted(keys)):
        tx.conn.execute(sa.delete(table).where(table.c.key.in_(part)))


def keep_standing(tx: Write, corpus: str, uris: Sequence[str]) -> None:
    """Drop letters of these documents that no generation of the corpus stands by any more."""
    of_corpus = sa.select(generations.c.id).where(generations.c.corpus == corpus)
    for part in slices(uris):
        held = sa.and_(table.c.corpus == corpus, table.c.uri.in_(part))
        if tx.conn.execute(sa.select(table.c.uri).where(held).limit(1)).first() is None:
            continue
        failed = sa.select(step_states).where(
            step_states.c.generation.in_(of_corpus),
            step_states.c.uri.in_(part),
            step_states.c.state == "failed",
        )
        standing = {
            (row.uri, row.step, key) for row in tx.conn.execute(failed) for key in json.loads(row.keys)
        }
        for row in tx.conn.execute(sa.select(table.c.uri, table.c.step, table.c.key).where(held)).all():
            if tuple(row) not in standing:
                tx.conn.execute(
                    sa.delete(table).where(
                        table.c.corpus == corpus,
                        table.c.uri == row.uri,
                        table.c.step == row.step,
                        table.c.key == row.key,
                    )
                )
