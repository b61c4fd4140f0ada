"""Erases documents from the tables of the ledger, table by table, by declared rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from headrace.ledger.erasers import covers, exempt
from headrace.ledger.erasure.keyring import Keyring
from headrace.ledger.erasure.scope import Scope, mentions, without
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.storage import tables
from headrace.ledger.storage.cleaning import clean_ledger
from headrace.ledger.storage.rows import delete_in, slices

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write

NAME = "ledger"
ERASED = "erased"
_IN_TRANSACTION = declare("erase.in_ledger_transaction")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows that belong to one document: they go."""

    table: Table
    uri: str
    """Column with its URI."""
    corpus: str | None = None
    """Column with its corpus; without one, `generation` tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Columns that may mention a document: a text, or each text inside JSON, becomes a tombstone."""

    table: Table
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Columns that hold `<corpus>/<uri>` or a URI as one end of something: it becomes a keyed hash."""

    table: Table
    columns: tuple[str, ...]


RULES: tuple[Rows | Words | Names, ...] = (
    Rows(table=tables.documents, uri="uri"),
    Rows(table=tables.near_duplicates, uri="uri"),
    Rows(table=tables.observations, uri="uri", corpus="corpus"),
    Rows(table=tables.failures, uri="uri", corpus="corpus"),
    Rows(table=tables.hidden, uri="uri", corpus="corpus"),
    Rows(table=tables.dead_letters, uri="uri", corpus="corpus"),
    Rows(table=tables.standings, uri="uri", corpus="corpus"),
    Rows(table=tables.step_states, uri="uri"),
    Rows(table=tables.step_letters, uri="uri", corpus="corpus"),
    Rows(table=tables.step_uses, uri="uri", corpus="corpus"),
    Rows(table=tables.deprecations, uri="uri", corpus="corpus"),
    Rows(table=tables.document_history, uri="uri", corpus="corpus"),
    Rows(table=tables.absences, uri="uri", corpus="corpus"),
    Rows(table=tables.gate_verdicts, uri="uri"),
    Rows(table=tables.gate_decisions, uri="uri", corpus="corpus"),
    Names(table=tables.standings, columns=("replacement", "superseded_by")),
    Names(table=tables.deprecations, columns=("replacement",)),
    Words(table=tables.standings, columns=("deprecated",)),
    Words(table=tables.deprecations, columns=("reason",)),
    Words(table=tables.document_history, columns=("detail",)),
    Words(table=tables.listings, columns=("reason",)),
    Words(table=tables.step_letters, columns=("detail", "attempts")),
    Words(table=tables.step_states, columns=("reason",)),
    Words(table=tables.dead_letters, columns=("error",)),
    Names(table=tables.documents, columns=("moved_from",)),
    Names(table=tables.near_duplicates, columns=("winner",)),
    Names(table=tables.edges, columns=("target", "source")),
    Words(table=tables.edges, columns=("attributes",)),
    Words(table=tables.runs, columns=("progress", "report")),
    Words(table=tables.generations, columns=("reason",)),
    Words(table=tables.generation_states, columns=("reason",)),
    Words(table=tables.refs, columns=("reason",)),
    Words(table=tables.erasures, columns=("reason",)),
    Words(table=tables.failures, columns=("error",)),
    Words(table=tables.gate_verdicts, columns=("verdicts",)),
    Words(table=tables.gate_decisions, columns=("reason",)),
    Words(table=tables.vault_audit, columns=("reason",)),
)
"""Add a rule here for each table that keeps something of documents."""

covers(NAME, "folder:ledger.sqlite", *(f"table:{rule.table.name}" for rule in RULES))
exempt("the clock", "table:meta")
exempt(
    "recipes, releases and certificates, in which documents are keyed hashes; prompts as people wrote them",
    "table:artifacts",
)
exempt("versions, counts and digests", "table:snapshots")
exempt("names of corpora and of processes", "table:leases")
exempt("labels of the access rules", "table:acls", "table:acl_labels", "table:acl_moves")
exempt("keyed hashes", "table:suppressions")
exempt("names and counts of columns", "table:step_columns")
exempt("counts", "table:standing_changes", "table:freshness_days")
exempt("vectors of texts that the program and its configuration bring", "table:sentinels")
exempt("outcomes and counts", "table:sentinel_checks", "table:probes")
exempt("counts, rates and ranges of numbers, and names of columns", "table:feature_runs")
exempt("keys", "table:keyring", "folder:keys")
exempt("names and times of keys", "table:vault_masters")
exempt("counts of checks", "table:cache_series")
exempt("keyed hashes, labels and counts", "table:access_keys", "table:access_key_uses")
exempt("keyed hashes of users, and what they decided", "table:consents")
exempt("keyed hashes of what was erased", "folder:erasures.jsonl", "folder:certificates")


class LedgerEraser:
    """Documents, observations, failures, moves, and what reports say of them."""

    name = NAME

    def __init__(self, ledger: Ledger, keyring: Keyring) -> None:
        self._ledger = ledger
        self._keyring = keyring

    def find(self, scope: Scope) -> int:
        """Rows that belong to the documents or mention them."""
        with self._ledger.read() as conn:
            return sum(_find(conn, rule, scope) for rule in RULES)

    def erase(self, scope: Scope) -> int:
        """Remove them all in one transaction."""

        def work(tx: Write) -> int:
            count = sum(self._apply(tx, rule, scope) for rule in RULES)
            fire(_IN_TRANSACTION)
            return count

        return self._ledger.write(work)

    def clean(self, scope: Scope) -> None:
        """Empty the log and the free pages."""
        clean_ledger(self._ledger, {rule.table.name for rule in RULES})

    def _apply(self, tx: Write, rule: Rows | Words | Names, scope: Scope) -> int:
        if isinstance(rule, Rows):
            count = _find(tx.conn, rule, scope)
            for corpus in scope.corpora:
                for equal in _owners(tx.conn, rule, corpus):
                    delete_in(tx.conn, rule.table.c[rule.uri], scope.uris(corpus), **equal)
            return count
        if isinstance(rule, Names):
            return _rename(tx, rule, scope, self._keyring)
        return _redact(tx, rule, scope)


def _find(conn: Connection, rule: Rows | Words | Names, scope: Scope) -> int:
    if isinstance(rule, Words):
        return sum(1 for _ in _mentioning(conn, rule, scope))
    if isinstance(rule, Names):
        wanted = [name for pair in _names(scope) for name in pair]
        return sum(_count(conn, rule.table.c[name], wanted, {}) for name in rule.columns)
    return sum(
        _count(conn, rule.table.c[rule.uri], scope.uris(corpus), equal)
        for corpus in scope.corpora
        for equal in _owners(conn, rule, corpus)
    )


def _owners(conn: Connection, rule: Rows, corpus: str) -> list[dict[str, str]]:
    if rule.corpus is not None:
        return [{rule.corpus: corpus}]
    of_corpus = sa.select(tables.generations.c.id).where(tables.generations.c.corpus == corpus)
    return [{"generation": generation} for generation in conn.execute(of_corpus).scalars()]


def _count(conn: Connection, column: sa.Column[Any], values: Sequence[str], equal: dict[str, str]) -> int:
    assert isinstance(column.table, sa.Table)
    fixed = [column.table.c[name] == value for name, value in equal.items()]
    statement = sa.select(sa.func.count()).select_from(column.table).where(*fixed)
    return sum(int(conn.execute(statement.where(column.in_(part))).scalar_one()) for part in slices(values))


def _names(scope: Scope) -> list[tuple[str, str]]:
    return [(target.name, target.uri) for target in scope.targets]


def _rename(tx: Write, rule: Names, scope: Scope, keyring: Keyring) -> int:
    changed = 0
    for target in scope.targets:
        keyed = keyring.keyed(ERASED, target.uri)
        for name in rule.columns:
            column = rule.table.c[name]
            for old, new in ((target.name, f"{target.corpus}/{keyed}"), (target.uri, keyed)):
                statement = sa.update(rule.table).where(column == old).values({name: new})
                changed += tx.conn.execute(statement).rowcount
    return changed


def _redact(tx: Write, rule: Words, scope: Scope) -> int:
    changed = 0
    for row in list(_mentioning(tx.conn, rule, scope)):
        key = [column == row._mapping[column.name] for column in rule.table.primary_key.columns]
        values = {name: redacted(row._mapping[name], scope) for name in rule.columns}
        tx.conn.execute(sa.update(rule.table).where(*key).values(values))
        changed += 1
    return changed


def _mentioning(conn: Connection, rule: Words, scope: Scope) -> Iterable[sa.Row[Any]]:
    key = list(rule.table.primary_key.columns)
    columns = [*key, *(rule.table.c[name] for name in rule.columns)]
    for row in conn.execute(sa.select(*columns)):
        if any(mentions(parsed(row._mapping[name]), scope) for name in rule.columns):
            yield row


def parsed(text: str | None) -> Any:
    """JSON values where a text is JSON, else the text itself."""
    if text is None or not text.startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def redacted(text: str | None, scope: Scope) -> str | None:
    """A text, or JSON, with a tombstone for each text that mentions a document."""
    value = parsed(text)
    kept = without(value, scope)
    if kept == value or text is None:
        return text
    return kept if isinstance(kept, str) else json.dumps(kept, sort_keys=True, separators=(",", ":"))
