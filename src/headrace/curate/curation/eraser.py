"""Forgetting in drafts: those of a user, and those made of answers that had a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headrace.curate.curation.sealed import opened
from headrace.ledger import coverage_runs, curation
from headrace.ledger.erasers import covers, exempt
from headrace.ledger.erasure.keyring import Keyring
from headrace.ledger.erasure.scope import TOMBSTONE, Scope, mentions
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.storage.cleaning import clean_ledger

if TYPE_CHECKING:
    from headrace.ledger.curation import ItemRow
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger, Write

NAME = "curation"
_IN_TRANSACTION = declare("erase.in_curation_transaction")
_ALL = 10_000_000
"""Traces of a document: no limit, as `by_ref` takes it."""

covers(NAME, "table:curation_items", "table:curation_links", "table:coverage_topics")
exempt("trace ids, times and counts", "table:curation_looked", "table:curation_draws", "table:curation_runs")
exempt("counts and shares", "table:coverage_runs")


class CurationEraser:
    """Deletes the drafts of users of the scope; of answers that had a document of it the body goes.

    That there was such a draft, and what was decided, stays. It runs before the calls are erased, while they
    still tell which answers these were. What was accepted lies in golden sets and datasets, which have
    erasers of their own.
    """

    name = NAME
    opens_all = True

    def __init__(self, ledger: Ledger, events: EventStore, keyring: Keyring) -> None:
        self._ledger = ledger
        self._events = events
        self._keyring = keyring

    def find(self, scope: Scope) -> int:
        """Drafts and labels of topics that would go or change."""
        gone, emptied = self._found(scope)
        return len(gone) + len(emptied) + len(self._labels(scope))

    def erase(self, scope: Scope) -> int:
        """Delete or empty them."""
        gone, emptied = self._found(scope)
        labels = self._labels(scope)

        def work(tx: Write) -> None:
            curation.remove(tx, gone)
            for item in emptied:
                curation.change(tx, item, {"body": None, "note": None})
            coverage_runs.relabel(tx, labels)
            fire(_IN_TRANSACTION)

        self._ledger.write(work)
        return len(gone) + len(emptied) + len(labels)

    def clean(self, scope: Scope) -> None:
        """Empty the log and the free pages."""
        clean_ledger(self._ledger, {*curation.TABLES, *coverage_runs.TABLES})

    def _found(self, scope: Scope) -> tuple[list[str], list[str]]:
        with self._ledger.read() as conn:
            rows = curation.find(conn)
            touched = set(curation.items_of_traces(conn, self._traces(scope))) if rows else set()
        people = set(scope.subjects)
        gone = [row.id for row in rows if row.subject in people or row.author in people]
        kept = [row for row in rows if row.id not in set(gone) and row.body is not None]
        return gone, [row.id for row in kept if row.id in touched or self._tells(row, scope)]

    def _traces(self, scope: Scope) -> set[str]:
        return {
            link.trace_id
            for ref in (*scope.names, *scope.chunk_ids)
            for link in self._events.by_ref(ref, limit=_ALL)
        }

    def _tells(self, row: ItemRow, scope: Scope) -> bool:
        body: Any = opened(self._keyring, row)
        return mentions(body, scope) or mentions(row.note, scope)

    def _labels(self, scope: Scope) -> dict[tuple[str, int], str]:
        with self._ledger.read() as conn:
            known = coverage_runs.labels(conn)
        return {(run, topic): TOMBSTONE for run, topic, label in known if scope.in_text(label)}
