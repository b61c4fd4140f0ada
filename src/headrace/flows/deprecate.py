"""`deprecate`: declare that a document should no longer be relied on, and what to read instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.errors import UsageError
from headrace.flows.naming import find_document
from headrace.ledger import deprecations, history, standings
from headrace.ledger.failpoints import declare, fire
from headrace.records.freshness import DeprecateReport
from headrace.ship.releases import Releases

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger, Write

_IN_TRANSACTION = declare("deprecate.in_ledger_transaction")
_AFTER = declare("deprecate.after_ledger")


def deprecate(
    ledger: Ledger,
    document: str,
    *,
    by: str | None,
    reason: str,
    undo: bool,
    releases: Releases,
    corpora: Sequence[str],
    actor: str,
) -> DeprecateReport:
    """Declare a document deprecated, or with `undo` take that back; it counts from the next search on."""
    if undo and (by is not None or reason):
        raise UsageError("undo takes a declaration back; it takes neither by nor a reason.")

    def change(tx: Write) -> DeprecateReport:
        return _change(tx, document, by, reason, undo, releases=releases, corpora=corpora, actor=actor)

    report = ledger.write(change)
    fire(_AFTER)
    return report


def _change(
    tx: Write,
    document: str,
    by: str | None,
    reason: str,
    undo: bool,
    *,
    releases: Releases,
    corpora: Sequence[str],
    actor: str,
) -> DeprecateReport:
    corpus, state = find_document(tx.conn, releases, corpora, document)
    uri = state.uri
    replacement = None
    if by is not None:
        replacement = find_document(tx.conn, releases, [corpus], by)[1].uri
        if replacement == uri:
            raise UsageError(f"Document {uri!r} cannot replace itself.", hint="Name another one with by.")
    if undo:
        deprecations.remove(tx, corpus, uri)
    else:
        deprecations.put(tx, corpus, uri, replacement=replacement, reason=reason, actor=actor)
    detail = {"by": replacement, "reason": reason, "actor": actor}
    event = "undeprecated" if undo else "deprecated"
    history.add(tx, corpus, [history.Step(uri, event, detail=detail)])
    standings.changed(tx, corpus)
    fire(_IN_TRANSACTION)
    return DeprecateReport(
        corpus=corpus, document=uri, deprecated=not undo, superseded_by=replacement, reason=reason
    )
