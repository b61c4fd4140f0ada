"""Forgetting in golden sets: cases of a user or of an answer with a document, texts that mention one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from headrace.ledger import golden
from headrace.ledger.erasers import covers
from headrace.ledger.erasure.scope import TOMBSTONE, Scope, mentions, without
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.golden import CaseRow, Content
from headrace.ledger.storage.cleaning import clean_ledger
from headrace.ledger.storage.tables.golden import (
    golden_cases,
    golden_contents,
    golden_events,
    golden_versions,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write

NAME = "golden"
_TABLES = (golden_cases, golden_contents, golden_events, golden_versions)
_IN_TRANSACTION = declare("erase.in_golden_transaction")
_ALL = 10_000_000

covers(NAME, *(f"table:{table.name}" for table in _TABLES))


class Found(NamedTuple):
    """What of golden sets is in a scope."""

    whole: list[CaseRow]
    """Cases made of what a user of the scope said, or of an answer that had a document of it: they go."""
    contents: dict[str, Content]
    """Contents that mention a document, with tombstones in their place."""
    rows: list[CaseRow]
    """Cases whose key, tags or provenance mention one."""
    versions: dict[str, str]
    """Versions whose list mentions one, rewritten."""


class GoldenEraser:
    """Deletes cases of the scope and puts tombstones where others mention it; verdicts keep their digests."""

    name = NAME
    opens_all = True

    def __init__(self, ledger: Ledger, events: EventStore) -> None:
        self._ledger = ledger
        self._events = events

    def find(self, scope: Scope) -> int:
        """Cases and contents that would change."""
        found = self._found(scope)
        return len(found.whole) + len(found.contents) + len(found.rows) + len(found.versions)

    def erase(self, scope: Scope) -> int:
        """Change them."""
        found = self._found(scope)

        def work(tx: Write) -> int:
            golden.forget_cases(tx, [(row.set_name, row.key) for row in found.whole])
            golden.forget_contents(tx, found.contents)
            for row in found.rows:
                values = {
                    "tags": json.dumps(without(json.loads(row.tags), scope)),
                    "provenance": json.dumps(without(json.loads(row.provenance), scope)),
                    "group_name": None if row.group_name is None else without(row.group_name, scope),
                    "owner": None if row.owner is None else without(row.owner, scope),
                }
                golden.forget_words(tx, row.set_name, row.key, values, reasons=True)
            golden.forget_versions(tx, found.versions)
            fire(_IN_TRANSACTION)
            return len(found.whole) + len(found.contents) + len(found.rows) + len(found.versions)

        return self._ledger.write(work)

    def clean(self, scope: Scope) -> None:
        """Empty the log and the free pages."""
        clean_ledger(self._ledger, {table.name for table in _TABLES})

    def _found(self, scope: Scope) -> Found:
        traces = {
            link.trace_id
            for ref in (*scope.names, *scope.chunk_ids)
            for link in self._events.by_ref(ref, limit=_ALL)
        }
        with self._ledger.read() as conn:
            rows = golden.all_cases(conn)
            whole = [
                row
                for row in rows
                if row.subject in scope.subjects
                or (row.trace_id is not None and row.trace_id in traces)
                or scope.in_text(row.key)
            ]
            gone = {(row.set_name, row.key) for row in whole}
            left = [row for row in rows if (row.set_name, row.key) not in gone]
            return Found(
                whole=whole,
                contents=_contents(conn, scope, whole, left),
                rows=[row for row in left if _row_mentions(conn, row, scope)],
                versions=_versions(conn, scope),
            )


def _contents(
    conn: Connection, scope: Scope, whole: list[CaseRow], left: list[CaseRow]
) -> dict[str, Content]:
    used = {row.case_id for row in left}
    past = {item.case_id for row in whole for item in golden.events(conn, row.set_name, row.key)}
    gone = ({row.case_id for row in whole} | past) - used
    empty = {"erased": TOMBSTONE}
    changed = {}
    for content in golden.all_contents(conn):
        if content.case_id in gone:
            kept = Content(content.case_id, empty, None)
        else:
            kept = Content(content.case_id, without(content.inputs, scope), without(content.expected, scope))
        if kept != content:
            changed[content.case_id] = kept
    return changed


def _row_mentions(conn: Connection, row: CaseRow, scope: Scope) -> bool:
    words = [json.loads(row.tags), json.loads(row.provenance), row.group_name or "", row.owner or ""]
    if mentions(words, scope):
        return True
    return any(scope.in_text(event.reason) for event in golden.events(conn, row.set_name, row.key))


def _versions(conn: Connection, scope: Scope) -> dict[str, str]:
    changed = {}
    for version, text in golden.versions_holding(conn):
        held = json.loads(text)
        kept = without(held, scope)
        if kept != held:
            changed[version] = json.dumps(kept)
    return changed
