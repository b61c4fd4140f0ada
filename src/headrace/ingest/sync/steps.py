"""What a publish adds to the history of its documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headrace.ledger import failures
from headrace.ledger.history import Step

if TYPE_CHECKING:
    from headrace.ingest.sync.publish import Pending
    from headrace.ledger.ledger import Write


def steps_of(
    tx: Write, corpus: str, pending: Pending, generation: str, *, run_id: str, leads: bool
) -> Iterator[Step]:
    """One step for each document that was written, removed or moved, or that fails in a new way.

    Failures are told once: by the generation that `leads`.
    """
    moved_to = {old: new for new, old in pending.moved.items()}
    for item in pending.embedded:
        document = item.document
        uri = document.candidate.item.uri
        came = pending.moved.get(uri)
        detail = {"moved_from": came} if came is not None else None
        yield Step(uri, "indexed", generation, document.revision, run_id=run_id, detail=detail)
    for uri in pending.removed:
        new = moved_to.get(uri)
        event, detail = ("deleted", None) if new is None else ("moved", {"moved_to": new})
        yield Step(uri, event, generation, run_id=run_id, detail=detail)
    if pending.failed and leads:
        known = {row.uri: (row.stage, row.error) for row in failures.list(tx.conn, corpus)}
        for failed in pending.failed:
            if known.get(failed.document) == (failed.stage, failed.error):
                continue
            if failed.yields_to is not None:
                detail = {"yields_to": failed.yields_to}
                yield Step(failed.document, "yielded", generation, run_id=run_id, detail=detail)
            else:
                why = {"stage": failed.stage, "error": failed.error}
                yield Step(failed.document, "failed", generation, run_id=run_id, detail=why)
