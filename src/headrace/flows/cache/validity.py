"""Whether what a cached output came from is still what a caller would be given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from headrace.ledger import acls, documents

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.infer.gateway.base import Retrieved
    from headrace.ledger.ledger import Ledger

Pointer = Callable[["Connection", str], tuple[str | None, str | None]]
"""Reads (release, generation) of a corpus from the environment's pointer."""


def still_valid(
    ledger: Ledger, pointer: Pointer, retrieved: Sequence[Retrieved], access: Sequence[str]
) -> bool:
    """Whether all these revisions serve now, are not hidden, and are open to these labels: one reading."""
    wanted: dict[str, dict[str, str]] = {}
    for item in retrieved:
        if wanted.setdefault(item.corpus, {}).setdefault(item.document, item.revision) != item.revision:
            return False
    if not wanted:
        return True
    with ledger.read() as conn:
        admitted = acls.admitted(conn, access)
        return all(_serves(conn, pointer, corpus, given, admitted) for corpus, given in wanted.items())


def _serves(
    conn: Connection, pointer: Pointer, corpus: str, revisions: dict[str, str], admitted: frozenset[int]
) -> bool:
    _, generation = pointer(conn, corpus)
    if generation is None:
        return False
    states = documents.lookup(conn, generation, sorted(revisions))
    return all(
        uri in states
        and states[uri].state == "live"
        and states[uri].revision == revision
        and states[uri].acl_id in admitted
        for uri, revision in revisions.items()
    )
