"""Forgetting in what is kept sealed of calls: dead letters, and outcomes under idempotency keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from headrace.ledger import call_keys, call_letters
from headrace.ledger.erasers import covers
from headrace.ledger.erasure.keyring import Keyring
from headrace.ledger.erasure.scope import Scope, mentions
from headrace.ledger.failpoints import declare, fire

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger, Write

NAME = "calls"
_IN_TRANSACTION = declare("erase.in_calls_transaction")

covers(NAME, "table:call_letters", "table:call_keys")


class CallEraser:
    """Discards letters of users, and letters and outcomes that were given a document or repeat its words."""

    name = NAME

    def __init__(self, ledger: Ledger, keyring: Keyring) -> None:
        self._ledger = ledger
        self._keyring = keyring

    def find(self, scope: Scope) -> int:
        """How many there are."""
        letters, keys = self._found(scope)
        return len(letters) + len(keys)

    def erase(self, scope: Scope) -> int:
        """Drop what was kept of them; a letter stays as a discarded one, without its body."""
        letters, keys = self._found(scope)

        def work(tx: Write) -> None:
            for letter in letters:
                call_letters.settle(tx, letter, "discarded", actor="forget")
            call_keys.drop(tx, keys)
            fire(_IN_TRANSACTION)

        self._ledger.write(work)
        return len(letters) + len(keys)

    def clean(self, scope: Scope) -> None:
        """Nothing more: bodies are sealed, and the eraser of the ledger empties its log and free pages."""

    def _found(self, scope: Scope) -> tuple[list[str], list[str]]:
        with self._ledger.read() as conn:
            letters = call_letters.bodies(conn)
            outcomes = call_keys.outcomes(conn)
        return (
            [name for name, sealed in letters if self._tells(sealed, scope)],
            [name for name, sealed in outcomes if self._tells(sealed, scope)],
        )

    def _tells(self, sealed: bytes, scope: Scope) -> bool:
        body: Any = json.loads(self._keyring.unseal(sealed))
        request = body.get("request", {})
        subject = (request.get("subject") or "").strip()
        if scope.subjects and subject and self._keyring.subject(subject) in scope.subjects:
            return True
        given = request.get("retrieved", ())
        chunks = frozenset(scope.chunk_ids)
        return any(item["chunk_id"] in chunks for item in given) or mentions(body, scope)
