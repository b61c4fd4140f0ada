"""Forgetting in what was received: items that wait in quarantine, and spans that wait for the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from headrace.ledger import trace_quarantine
from headrace.ledger.erasers import covers
from headrace.ledger.erasure.scope import Scope, mentions
from headrace.ledger.failpoints import declare, fire
from headrace.observe.traces.receiving.jsontext import loads
from headrace.observe.traces.receiving.spill import FOLDER, Spill

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.ledger import Ledger, Write

NAME = "received traces"
_IN_TRANSACTION = declare("erase.in_receiving_transaction")

covers(NAME, "table:trace_quarantine", f"folder:{FOLDER}")


class ReceivingEraser:
    """Discards quarantined items that mention a document or come from a user of the scope.

    Spans that wait are read back into the store of spans, which is erased after this.
    """

    name = NAME
    opens_all = True

    def __init__(self, ledger: Ledger, keyring: Keyring, spill: Spill, *, drain: Callable[[], int]) -> None:
        self._ledger = ledger
        self._keyring = keyring
        self._spill = spill
        self._drain = drain

    def find(self, scope: Scope) -> int:
        """How many items and waiting spans tell of the scope."""
        waiting = sum(
            span.subject in scope.subjects or mentions([span.name, span.attributes], scope)
            for _, spans in self._spill.spans()
            for span in spans
        )
        return waiting + len(self._found(scope))

    def erase(self, scope: Scope) -> int:
        """Discard the items, and read the spans back."""
        found = self.find(scope)
        self._drain()
        items = self._found(scope)

        def work(tx: Write) -> None:
            trace_quarantine.settle(tx, items, "discarded", actor="forget")
            fire(_IN_TRANSACTION)

        if items:
            self._ledger.write(work)
        return found

    def clean(self, scope: Scope) -> None:
        """Nothing more: bodies are sealed, and the eraser of the ledger empties its log and free pages."""

    def _found(self, scope: Scope) -> list[str]:
        with self._ledger.read() as conn:
            bodies = trace_quarantine.bodies(conn)
        return [name for name, sealed in bodies if self._tells(sealed, scope)]

    def _tells(self, sealed: bytes, scope: Scope) -> bool:
        text = self._keyring.unseal(sealed)
        body: Any = loads(text)
        return any(subject in text for subject in scope.subjects) or mentions(body, scope)
