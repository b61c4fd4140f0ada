"""Which documents of a generation yield to which: the rows of the ledger, what is new, and what follows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from headrace.ingest.gates.duplicates.index import DuplicateIndex, Entry, Yielding
from headrace.ingest.gates.duplicates.signatures import sign
from headrace.ingest.gates.duplicates.store import SignatureStore
from headrace.ledger import acls
from headrace.ledger.near_duplicates import Row

if TYPE_CHECKING:
    from headrace.ingest.sync.changes import Changes
    from headrace.ingest.sync.comparison import Comparison
    from headrace.ingest.sync.prepare import Prepared
    from headrace.ledger.ledger import Ledger


class Duplicates:
    """The documents of one generation as they are compared: as published, and as they will be.

    `rows` is what the ledger holds, `wanted` what takes part now. After `decide`, `affected` names the
    documents whose row may change.
    """

    def __init__(
        self,
        comparison: Comparison,
        rows: Mapping[str, Row],
        changes: Changes,
        *,
        ledger: Ledger,
        writable: bool,
    ) -> None:
        self.comparison = comparison
        self.rows = dict(rows)
        self.wanted = dict(rows)
        self.affected: set[str] = set()
        self._changes = changes
        self._ledger = ledger
        self._writable = writable
        self._labels: dict[int | str, str] = {}
        self._again = self._stale()

    @cached_property
    def store(self) -> SignatureStore:
        """The signatures of the corpus, opened when something has to be compared."""
        return SignatureStore(self.comparison.folder, writable=self._writable)

    @property
    def settled(self) -> bool:
        """Whether every row still holds, as long as no document changes."""
        return not self._again

    def unsigned(self) -> list[str]:
        """Documents whose signature was lost: they have to be read again."""
        named = {uri: row.content for uri, row in self.wanted.items() if row.content}
        known = self.store.known(list(named.values()))
        return [uri for uri, have in zip(named, known, strict=True) if not have]

    def sign(self, texts: Sequence[str]) -> list[str]:
        """The contents of texts, whose signatures are kept."""
        return sign(texts, self.store)

    def put(self, document: Prepared) -> None:
        """Let a document take part as it was read."""
        candidate = document.candidate
        uri = candidate.item.uri
        row = Row(
            uri=uri,
            source=candidate.source,
            revision=document.revision,
            input_digest=document.input_digest,
            metadata_schema=document.metadata_schema,
            content=document.content,
            acl_id=candidate.acl_id,
            labels="",
            modified_at_us=candidate.item.modified_at_us,
        )
        self.wanted[uri] = row._replace(labels=self._group(uri, row.acl_id))
        self._again.add(uri)

    def revert(self, uri: str) -> None:
        """Let a document that could not be written take part as the index still holds it, or not at all."""
        row = self.rows.get(uri)
        if row is not None and row.fate == "served":
            self.wanted[uri] = row._replace(labels=self._group(uri, row.acl_id))
            self._again.add(uri)
        else:
            self._take_out(uri)

    def decide(self, *, removed: Iterable[str] = ()) -> None:
        """Compare what is new, without the documents that are `removed`."""
        for uri in removed:
            self._take_out(uri)
        entries = [self._entry(self.wanted[uri]) for uri in sorted(self._again & self.wanted.keys())]
        gone = self._again - self.wanted.keys()
        changed = self._index.apply(entries, removed=sorted(gone))
        self.affected |= self._again | changed.keys()
        self._again = set()

    def row(self, uri: str) -> Row | None:
        """The row that a document is to have; None for one that takes no part."""
        row = self.wanted.get(uri)
        if row is None:
            return None
        yields = self._index.aliases.get(uri)
        if yields is None:
            return row._replace(winner=None, similarity=None, fate="served")
        fate = self.comparison.loses
        return row._replace(winner=yields.winner, similarity=round(yields.similarity, 6), fate=fate)

    def published(self, rows: Iterable[Row], gone: Iterable[str]) -> None:
        """The ledger holds this by now."""
        for uri in gone:
            self.rows.pop(uri, None)
        self.rows.update((row.uri, row) for row in rows)

    @cached_property
    def _index(self) -> DuplicateIndex:
        """The index as the ledger tells it: what changed since is inserted anew by `decide`."""
        yielding = {
            row.uri: Yielding(row.winner, row.similarity or 0.0)
            for row in self.rows.values()
            if row.winner is not None
        }
        return DuplicateIndex.of(
            (self._entry(row) for row in self.rows.values()),
            yielding,
            store=self.store,
            threshold=self.comparison.threshold,
        )

    def _entry(self, row: Row) -> Entry:
        return Entry(row.uri, row.content, row.labels, self.comparison.standing(row))

    def _take_out(self, uri: str) -> None:
        if self.wanted.pop(uri, None) is not None:
            self._again.add(uri)

    def _stale(self) -> set[str]:
        """Documents to compare anew: other labels or another time than then, or a winner that is none now."""
        found: set[str] = set()
        listed, acl_ids = self._changes.listed, self._changes.acl_ids
        for uri, row in self.rows.items():
            item = listed.get(uri)
            modified = row.modified_at_us if item is None else item[0].modified_at_us
            acl_id = acl_ids.get(uri, row.acl_id)
            labels = self._group(uri, acl_id)
            if (modified, acl_id, labels) != (row.modified_at_us, row.acl_id, row.labels):
                self.wanted[uri] = row._replace(modified_at_us=modified, acl_id=acl_id, labels=labels)
                found.add(uri)
        for uri, row in self.rows.items():
            if row.winner is not None:
                winner = self.rows.get(row.winner)
                if winner is None or winner.winner is not None or not winner.labels:
                    found.add(uri)
        return found

    def _group(self, uri: str, acl_id: int) -> str:
        """The access labels of a document in one text: as it is listed, else as the ledger has them."""
        labels = self._changes.labels
        key = acl_id if labels is None else labels.keys.get(uri, acl_id)
        known = self._labels.get(key)
        if known is None:
            if labels is not None and isinstance(key, str):
                found = labels.of_keys[key]
            else:
                with self._ledger.read() as conn:
                    found = acls.labels(conn, [acl_id])[acl_id]
            known = self._labels[key] = json.dumps(sorted(set(found)))
        return known
