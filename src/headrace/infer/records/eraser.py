"""Forgetting in records: what was derived from a document goes with it, original bytes included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headrace.infer.records import store
from headrace.infer.records.sealing import Seal
from headrace.ledger.erasers import covers
from headrace.ledger.erasure.scope import Scope, mentions
from headrace.ledger.storage.cleaning import clean_ledger

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write

NAME = "records"
_ERASED = "erased"
_BATCH = 500

covers(NAME, "table:records", "table:record_documents")


class RecordEraser:
    """Empties records of a user, and those derived from a document or that mention it; their envelopes stay.

    An envelope holds names of versions, times and digests; where it names the document, a keyed hash stands.
    """

    name = NAME
    opens_all = True

    def __init__(self, ledger: Ledger, keyring: Keyring) -> None:
        self._ledger = ledger
        self._keyring = keyring
        self._seal = Seal(keyring)

    def find(self, scope: Scope) -> int:
        """Records that would be emptied, and links that name the documents."""
        with self._ledger.read() as conn:
            links = sum(len(store.links_to(conn, corpus, scope.uris(corpus))) for corpus in scope.corpora)
            return links + len(self._found(conn, scope))

    def erase(self, scope: Scope) -> int:
        """Empty them and rename the links, in one transaction."""
        with self._ledger.read() as conn:
            found = self._found(conn, scope)  # outside the transaction: each is opened and read
        self._keyring.keyed(_ERASED, "")  # the key is made now: no write may start inside a write

        def work(tx: Write) -> int:
            for corpus in scope.corpora:
                found.update(store.of_document(tx.conn, corpus, scope.uris(corpus)))
            for subject in scope.subjects:
                found.update(store.of_subject(tx.conn, subject))
            store.erase(tx, sorted(found))
            return len(found) + sum(self._rename(tx, corpus, scope) for corpus in scope.corpora)

        return self._ledger.write(work)

    def clean(self, scope: Scope) -> None:
        """Empty the log and the free pages."""
        clean_ledger(self._ledger, set(store.TABLES))

    def _rename(self, tx: Write, corpus: str, scope: Scope) -> int:
        links = store.links_to(tx.conn, corpus, scope.uris(corpus))
        for link in links:
            uri, chunk = (self._keyring.keyed(_ERASED, name) for name in (link.uri, link.chunk_id))
            revision = self._keyring.keyed(_ERASED, link.revision)
            store.replace_link(tx, link, link._replace(uri=uri, chunk_id=chunk, revision=revision))
        return len(links)

    def _found(self, conn: Connection, scope: Scope) -> set[str]:
        found: set[str] = set()
        for corpus in scope.corpora:
            found |= store.of_document(conn, corpus, scope.uris(corpus))
        for subject in scope.subjects:
            found |= store.of_subject(conn, subject)
        found.update(self._mentioning(conn, scope))
        return found

    def _mentioning(self, conn: Connection, scope: Scope) -> Iterator[str]:
        after = ""
        while rows := store.whole(conn, after=after, limit=_BATCH):
            after = rows[-1].id
            for row in rows:
                assert row.sealed is not None
                body = self._seal.open(row.id, row.sealed)
                if mentions([body.value, body.original.decode("utf-8", "replace")], scope):
                    yield row.id
