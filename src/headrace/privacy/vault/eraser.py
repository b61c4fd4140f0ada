"""Shreds what the vault holds of forgotten documents and users: their scopes' keys are destroyed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.ledger.erasers import covers
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.storage.cleaning import clean_ledger
from headrace.ledger.storage.tables.vault import vault_keys, vault_values
from headrace.privacy.vault import store
from headrace.privacy.vault.vault import document_tie

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.erasure.scope import Scope
    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write

NAME = "vault"
_IN_TRANSACTION = declare("vault.in_shred_transaction")

covers(NAME, "table:vault_keys", "table:vault_values", "table:vault_ties")


class VaultEraser:
    """A session that was given a document, or was of a user, loses all it hid.

    Its tokens stay what they are, noise; a call that goes on with the session hides its values anew.
    """

    name = NAME

    def __init__(self, ledger: Ledger, keyring: Keyring) -> None:
        self._ledger = ledger
        self._keyring = keyring

    def find(self, scope: Scope) -> int:
        """Keys and values that go."""
        with self._ledger.read() as conn:
            scopes = store.scopes_tied(conn, self._ties(scope))
            return sum(store.count_in(conn, table, scopes) for table in (vault_keys, vault_values))

    def erase(self, scope: Scope) -> int:
        """Destroy them in one transaction."""
        ties = self._ties(scope)

        def work(tx: Write) -> int:
            count = store.shred(tx, store.scopes_tied(tx.conn, ties))
            fire(_IN_TRANSACTION)
            return count

        return self._ledger.write(work)

    def clean(self, scope: Scope) -> None:
        """Empty the log and the free pages: a key must not lie there either."""
        clean_ledger(self._ledger, set(store.TABLES))

    def _ties(self, scope: Scope) -> list[str]:
        documents = [document_tie(self._keyring, target.corpus, target.uri) for target in scope.targets]
        return [*documents, *scope.subjects]
