"""Access labels in a lane of their own: a change of policy reads, embeds and rewrites nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.ledger import acls, documents, generations, leases, near_duplicates
from headrace.ledger.failpoints import declare, fire

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ingest.sync.access import AccessRules
    from headrace.ledger.leases import Lease
    from headrace.ledger.ledger import Ledger, Write
    from headrace.records.document import Listing

_UNKNOWN = -1
_IN_TRANSACTION = declare("access.in_transaction")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Which access labels the rules give to what was listed."""

    keys: Mapping[str, str]
    """URI to the key of its label set."""
    of_keys: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Listed documents with their label sets."""

    acl_ids: Mapping[str, int]
    """URI to id; -1 where a set is new and nothing may be written."""
    changed: int = 0
    """Documents that have other labels than before."""


def labels_of(access: AccessRules, listings: Sequence[Listing]) -> Labels:
    """Apply the rules of a corpus."""
    keys: dict[str, str] = {}
    of_keys: dict[str, tuple[str, ...]] = {}
    for listing in listings:
        for item in listing.items:
            key, labels = access.of(item)
            keys[item.uri] = key
            of_keys[key] = labels
    return Labels(keys=keys, of_keys=of_keys)


def look_up(conn: Connection, labels: Labels) -> Labelled:
    """What is known of the label sets, without writing."""
    ids = acls.find(conn, list(labels.of_keys))
    return Labelled(acl_ids={uri: ids.get(key, _UNKNOWN) for uri, key in labels.keys.items()})


def relabel(ledger: Ledger, lease: Lease, corpus: str, labels: Labels) -> Labelled:
    """Intern the label sets and give the documents of every generation theirs, in one transaction.

    At no time is a document open by the new labels of a rule that no longer is its own. Rows of the index
    keep the id they were written with; the ledger knows what they stand for now.
    """

    def work(tx: Write) -> Labelled:
        ids = {key: acls.intern(tx, key, of_key) for key, of_key in labels.of_keys.items()}
        acl_ids = {uri: ids[key] for uri, key in labels.keys.items()}
        changed: set[str] = set()
        for generation, held in before.items():
            moves = {uri: (was, acl_ids[uri]) for uri, was in held.items() if acl_ids.get(uri, was) != was}
            documents.set_acl(tx, generation, {uri: now for uri, (_, now) in moves.items()})
            acls.moved(tx, generation, set(moves.values()))
            compared = {
                uri: acl_ids[uri]
                for uri, was in compared_before[generation].items()
                if acl_ids.get(uri, was) != was
            }
            near_duplicates.set_acl(tx, generation, compared)
            changed |= moves.keys() | compared.keys()
        if changed:
            fire(_IN_TRANSACTION)
        leases.check(tx, lease)
        return Labelled(acl_ids=acl_ids, changed=len(changed))

    with ledger.read() as conn:
        # Those that serve no more as well: one of them may be gone back to.
        every = generations.list(conn, corpus)
        before = {item.id: documents.acl_ids(conn, item.id) for item in every}
        compared_before = {item.id: near_duplicates.acl_ids(conn, item.id) for item in every}
    return ledger.write(work) if labels.keys else Labelled(acl_ids={})
