"""`workspace.vault`: the operations on the vault, one call each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.errors import NotFoundError, UsageError
from headrace.privacy.vault import coverage, keys, rotation, standing, store
from headrace.privacy.vault.scope import purpose
from headrace.privacy.vault.tokens import parse, token
from headrace.privacy.vault.values import Value

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger
    from headrace.privacy.engine import Engine
    from headrace.privacy.vault.vault import Vault
    from headrace.records.vault import RevealReport, RotateReport, VaultStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultOperations:
    """What can be done with the vault of a workspace."""

    ledger: Ledger
    vault: Callable[[], Vault]
    engine: Callable[[], Engine]
    ttl: str
    actor: str

    def status(self, *, limit: int = 10) -> VaultStatus:
        """What the vault holds, its keys, and the newest entries of the audit log; never a value."""
        return standing.status(self.ledger, coverage.always(self.engine()), ttl=self.ttl, limit=limit)

    def reveal(
        self, name: str, *, reason: str, session: str | None = None, subject: str | None = None
    ) -> RevealReport:
        """The value of a token; that it was shown, by whom and why is durable before it is read.

        `session`, with the `subject` of its calls, tells which one is meant where several have the token.
        Raises UsageError without a reason or for what is no token, NotFoundError for one that is unknown,
        expired or shredded.
        """
        from headrace.records.vault import RevealReport

        if not reason.strip():
            raise UsageError("A reason is needed.", hint='Add --reason "why you need to see it".')
        known = parse(name)
        if known is None:
            raise UsageError(f"{name!r} is no token.", hint="One reads ⟨PERSON_k7f3q2ma⟩, brackets or not.")
        key, row = self._find(known, session, subject)
        shown = store.Shown(
            actor=self.actor, action="reveal", trace=None, scope=row.scope, tokens=1, reason=reason
        )
        entry = self.ledger.write(lambda tx: store.audit(tx, shown))
        opened = keys.unwrap(self.vault().masters, key)
        data = opened.cipher.open(bytes(row.sealed), purpose(row.scope, known))
        value = Value.from_bytes(data).text
        return RevealReport(token=token(known), type=known.rpartition("_")[0], value=value, audit=entry)

    def rotate(self) -> RotateReport:
        """Replace the master key and the keys of all scopes, seal every value anew, destroy the old keys."""
        return rotation.rotate(self.ledger, self.vault().masters)

    def _find(
        self, name: str, session: str | None, subject: str | None
    ) -> tuple[store.KeyRow, store.ValueRow]:
        with self.ledger.read() as conn:
            found = store.find(conn, name, now_us=time.time_ns() // 1000)
        if session is not None:
            scope = self.vault().scope(session, subject)
            found = [(key, row) for key, row in found if row.scope == scope]
        if not found:
            raise NotFoundError(
                "token",
                name,
                hint="It was never given, its time is over, or what it stood for was forgotten.",
            )
        if len(found) > 1:
            raise UsageError(
                f"{len(found)} sessions have the token {name!r}.", hint="Name one with --session ID."
            )
        return found[0]
