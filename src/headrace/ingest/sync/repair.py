"""Put right what a recount found: only the documents concerned are read, embedded and written again."""

from __future__ import annotations

from headrace.ingest.index.checking import Checked
from headrace.ingest.sync.changes import Candidate, Changes
from headrace.ingest.sync.comparing import open_pass
from headrace.ingest.sync.context import SyncContext
from headrace.ingest.sync.survey import Listed
from headrace.ingest.sync.target import Target
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.leases import Lease

_DROPPED = declare("index.repair_dropped")
_WRITTEN = declare("index.repair_written")


def repair(
    context: SyncContext, target: Target, listed: Listed, checked: Checked, *, lease: Lease, run_id: str
) -> None:
    """Take ghosts out, and write every other document that is wrong anew from its source.

    A document that no source lists any more cannot be written anew and stays as it is.
    """
    _drop_bad_embeddings(context, checked, run_id)
    fire(_DROPPED)
    made = open_pass(context, target, lease=lease, run_id=run_id, leads=False)
    made.delete(sorted(checked.ghost))
    made.apply(Changes(candidates=_candidates(listed, checked)))
    fire(_WRITTEN)
    made.settle()


def _candidates(listed: Listed, checked: Checked) -> list[Candidate]:
    wrong = checked.documents - checked.ghost.keys()
    found: dict[str, Candidate] = {}
    for listing in listed.listings:
        for item in listing.items:
            if item.uri in wrong and item.uri not in found:
                # Without its state it is not compared with what stands there, but written.
                found[item.uri] = Candidate(
                    item=item, source=listing.source, acl_id=listed.acl_ids[item.uri], state=None
                )
    return [found[uri] for uri in sorted(found)]


def _drop_bad_embeddings(context: SyncContext, checked: Checked, run_id: str) -> None:
    """Forget stored vectors that are wrong themselves, so that they are computed again."""
    import numpy as np

    keys = sorted(checked.bad_vectors)
    if not keys:
        return
    found, vectors = context.embeddings.fetch(keys)
    lengths = np.linalg.norm(vectors, axis=1)
    bad = found & ~(np.abs(lengths - 1.0) <= 1e-3)
    context.embeddings.drop([keys[place] for place in np.flatnonzero(bad)], run_id=run_id)
