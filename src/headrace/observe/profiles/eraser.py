"""Forgetting in profiles: a user's go with their keys; others lose what tells of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headrace.ledger import profiles
from headrace.ledger.erasers import covers
from headrace.ledger.erasure.scope import Scope, mentions, without
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.storage.cleaning import clean_ledger
from headrace.observe.profiles.book import owner_of, place_of
from headrace.privacy.vault.single import SingleKeys

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.ledger import Ledger
    from headrace.ledger.profiles import ChangeRow
    from headrace.ledger.storage.writer import Write

NAME = "profiles"
KEYS = "profiles"
"""The key of the workspace that wraps those of profiles."""
_IN_TRANSACTION = declare("erase.in_profiles_transaction")
_ALL = 10_000_000

covers(NAME, *(f"table:{table}" for table in profiles.TABLES))


class ProfileEraser:
    """Destroys the profiles of users; a text in another one that mentions a document becomes a tombstone."""

    name = NAME
    opens_all = True

    def __init__(self, ledger: Ledger, keyring: Keyring) -> None:
        self._ledger = ledger
        self._keys = SingleKeys(keyring, KEYS)

    def find(self, scope: Scope) -> int:
        """Versions that go, or lose words."""
        with self._ledger.read() as conn:
            return profiles.count(conn, scope.subjects) + len(self._telling(scope))

    def erase(self, scope: Scope) -> int:
        """Delete and rewrite them in one transaction."""
        found = self._telling(scope)

        def work(tx: Write) -> int:
            gone = profiles.remove(tx, scope.subjects)
            profiles.rewrite(tx, found)
            fire(_IN_TRANSACTION)
            return gone + len(found)

        return self._ledger.write(work)

    def clean(self, scope: Scope) -> None:
        """Empty the log and the free pages: a key must not lie there either."""
        clean_ledger(self._ledger, set(profiles.TABLES))

    def _telling(self, scope: Scope) -> list[ChangeRow]:
        if not scope.targets and not scope.texts:
            return []
        found = []
        with self._ledger.read() as conn:
            for row in profiles.find(conn, limit=_ALL):
                if row.subject in scope.subjects:
                    continue
                sealer = self._keys.open(owner_of(row.name, row.subject), row.wrapped)
                for change in profiles.changes(conn, row.name, row.subject, limit=_ALL):
                    body: dict[str, Any] = sealer.open(change.sealed, place_of(change))
                    if mentions(body, scope):
                        found.append(
                            change._replace(sealed=sealer.seal(without(body, scope), place_of(change)))
                        )
        return found
