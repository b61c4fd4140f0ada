"""Access labels in a lane of their own: a change of policy reads, embeds and rewrites nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from headrace.ledger import acls, documents, leases
from headrace.ledger.failpoints import declare, fire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headrace.ledger.documents import BriefState
    from headrace.ledger.leases import Lease
    from headrace.ledger.ledger import Ledger, Write

_IN_TRANSACTION = declare("access.in_transaction")


def relabel(
    ledger: Ledger,
    lease: Lease,
    generations: Mapping[str, Iterable[BriefState]],
    *,
    acl_ids: Mapping[str, int],
) -> int:
    """Give documents whose access labels changed their new ones, at once in every generation given.

    `acl_ids` maps listed URIs to what they should have. Returns how many documents changed. Rows of the index
    keep the id they were written with; the ledger knows what they stand for now.
    """
    changed = {generation: _changed(states, acl_ids) for generation, states in generations.items()}
    documents_changed = {uri for moves in changed.values() for uri in moves}
    if not documents_changed:
        return 0

    def work(tx: Write) -> None:
        for generation, moves in changed.items():
            documents.set_acl(tx, generation, {uri: now for uri, (_, now) in moves.items()})
            acls.moved(tx, generation, set(moves.values()))
        fire(_IN_TRANSACTION)
        leases.check(tx, lease)

    ledger.write(work)
    return len(documents_changed)


def _changed(states: Iterable[BriefState], acl_ids: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    return {
        state.uri: (state.acl_id, acl_ids[state.uri])
        for state in states
        if acl_ids.get(state.uri, state.acl_id) != state.acl_id
    }
