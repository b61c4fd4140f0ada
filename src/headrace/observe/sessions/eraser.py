"""Forgetting in sessions: a user's go with their keys; turns that quote a document lose their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.ledger import sessions
from headrace.ledger.erasers import covers
from headrace.ledger.erasure.scope import TOMBSTONE, Scope, mentions
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.storage.cleaning import clean_ledger
from headrace.observe.sessions.log import body_of, place_of, turn_of
from headrace.privacy.vault.single import SingleKeys
from headrace.records.sessions import TurnInput

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write
    from headrace.records.sessions import Turn

NAME = "sessions"
KEYS = "sessions"
"""The key of the workspace that wraps those of sessions."""
_IN_TRANSACTION = declare("erase.in_sessions_transaction")

covers(NAME, *(f"table:{table}" for table in sessions.TABLES))

Found = dict[str, list[tuple[int, bytes]]]
"""By session: turns with the bodies they are to have."""


class SessionEraser:
    """Destroys the sessions of users; a turn that quotes or mentions a document becomes a tombstone.

    With it goes whatever was made of turns of its session.
    """

    name = NAME
    opens_all = True

    def __init__(self, ledger: Ledger, keyring: Keyring) -> None:
        self._ledger = ledger
        self._keys = SingleKeys(keyring, KEYS)

    def find(self, scope: Scope) -> int:
        """Turns that go, or lose their words."""
        with self._ledger.read() as conn:
            own = sessions.of_subjects(conn, scope.subjects)
            return sessions.count_turns(conn, own) + sum(map(len, self._quoting(scope).values()))

    def erase(self, scope: Scope) -> int:
        """Delete and rewrite them in one transaction."""
        found = self._quoting(scope)

        def work(tx: Write) -> int:
            gone = sessions.remove(tx, sessions.of_subjects(tx.conn, scope.subjects))
            for session, bodies in found.items():
                sessions.rewrite(tx, session, bodies)
            fire(_IN_TRANSACTION)
            return gone + sum(map(len, found.values()))

        return self._ledger.write(work)

    def clean(self, scope: Scope) -> None:
        """Empty the log and the free pages: a key must not lie there either."""
        clean_ledger(self._ledger, set(sessions.TABLES))

    def _quoting(self, scope: Scope) -> Found:
        if not scope.targets and not scope.texts:
            return {}
        found: Found = {}
        with self._ledger.read() as conn:
            for row in sessions.every(conn):
                if row.subject in scope.subjects:
                    continue
                sealer = self._keys.open(row.id, row.wrapped)
                for item in sessions.turns(conn, row.id):
                    turn = turn_of(sealer, item)
                    if not _tells(turn, scope):
                        continue
                    body = body_of(TurnInput(role=turn.role, content=TOMBSTONE))
                    bodies = found.setdefault(row.id, [])
                    bodies.append((item.seq, sealer.seal(body, place_of(row.id, item.seq))))
        return found


def _tells(turn: Turn, scope: Scope) -> bool:
    named = not set(scope.names).isdisjoint(turn.documents)
    return named or mentions([turn.content, turn.search], scope)
