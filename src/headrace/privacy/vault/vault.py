"""Opens the vault for calls."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from headrace.privacy.vault import coverage, keys, store
from headrace.privacy.vault.keys import ScopeKey
from headrace.privacy.vault.masters import Masters
from headrace.privacy.vault.saving import Saving
from headrace.privacy.vault.scope import ScopeValues
from headrace.privacy.vault.shield import OpenShield, VaultShield
from headrace.privacy.vault.tokens import scope_key

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write
    from headrace.privacy.engine import Engine

KIND = "vault"
HASH_KEY = "vault-tokens"
_SECOND_US = 1_000_000
_PURGE_SECONDS = 60.0


class Guarded(Protocol):
    """What the vault needs to know of a call."""

    @property
    def vault(self) -> str:
        """`off`, `on` or `strict`."""
        ...

    @property
    def session(self) -> str | None:
        """Within it equal values get equal tokens."""
        ...

    @property
    def subject(self) -> str | None:
        """The user on whose behalf the call is made."""
        ...

    @property
    def trace_id(self) -> str | None:
        """The trace that the audit log names."""
        ...

    @property
    def retrieved(self) -> Sequence[Any]:
        """Chunks that the call was given, each with `corpus` and `document`."""
        ...


class Vault:
    """The vault of one workspace. Safe to share between threads."""

    def __init__(
        self, ledger: Ledger, keyring: Keyring, engine: Callable[[], Engine], *, ttl_us: int, actor: str
    ) -> None:
        """`engine` finds personal data; it is called at the first call that the vault guards."""
        self._ledger = ledger
        self._keyring = keyring
        self._engine = engine
        self._ttl_us = ttl_us
        self._actor = actor
        self._next_purge = 0.0
        self.masters = Masters(ledger, keyring)

    def shield(self, request: Guarded) -> VaultShield | OpenShield:
        """A shield in the scope of the request's session, or of the call alone where it has none.

        Raises Unprotected in strict mode when nothing looks for names, and VaultError.
        """
        if request.vault == "off":
            return OpenShield()
        engine = self._engine()
        scope = self.scope(request.session or f"call {secrets.token_hex(16)}", request.subject)
        saving = Saving(
            self._ledger,
            scope,
            ties=self._ties(request),
            shown=lambda tokens: store.Shown(
                actor=self._actor, action="restore", trace=request.trace_id, scope=scope, tokens=tokens
            ),
            purge=self._purge,
        )
        return VaultShield(
            engine.scan,
            lambda: self._open(scope, saving, is_known=request.session is not None),
            saving,
            unprotected=coverage.always(engine),
            is_strict=request.vault == "strict",
        )

    def scope(self, session: str, subject: str | None) -> str:
        """The name of a scope, which tells nothing of the session."""
        return self._keyring.keyed(f"{KIND}_scope", session, subject or "")

    def _open(self, scope: str, saving: Saving, *, is_known: bool) -> ScopeValues:
        now_us = time.time_ns() // 1000
        rows: list[store.KeyRow] = []
        values: list[store.ValueRow] = []
        if is_known:
            with self._ledger.read() as conn:
                rows, values = store.load(conn, scope, now_us=now_us)
        expires_at_us = self._expires_us(now_us)
        held = [keys.unwrap(self.masters, row) for row in rows]
        key = held[0] if held else keys.make(self.masters, scope, expires_at_us=expires_at_us)
        key = key._replace(row=key.row._replace(expires_at_us=expires_at_us))
        saving.use(key, reopen=lambda: self._replaced(key, expires_at_us))
        ciphers = {item.row.id: item.cipher for item in [*held, key]}
        return ScopeValues(scope_key(self._keyring.key(HASH_KEY), scope), values, ciphers)

    def _replaced(self, key: ScopeKey, expires_at_us: int) -> ScopeKey | None:
        """What stands in place of a key that was rotated away; None when its scope was forgotten."""
        if key.is_new:
            return keys.make(self.masters, key.row.scope, expires_at_us=expires_at_us, fresh=True)
        with self._ledger.read() as conn:
            rows, _ = store.load(conn, key.row.scope, now_us=0)
        return keys.unwrap(self.masters, rows[0]) if rows else None

    def _expires_us(self, now_us: int) -> int:
        # In steps, so that a busy session moves it seldom.
        step = max(_SECOND_US, self._ttl_us // 30)
        return (now_us + self._ttl_us) // step * step + step

    def _ties(self, request: Guarded) -> list[str]:
        names = {(item.corpus, item.document) for item in request.retrieved}
        tied = [document_tie(self._keyring, corpus, document) for corpus, document in sorted(names)]
        return tied + ([self._keyring.subject(request.subject)] if request.subject else [])

    def _purge(self, tx: Write) -> None:
        if time.monotonic() >= self._next_purge:
            self._next_purge = time.monotonic() + _PURGE_SECONDS
            store.expire(tx, now_us=tx.now_us)


def document_tie(keyring: Keyring, corpus: str, document: str) -> str:
    """The keyed hash by which a scope is tied to a document."""
    return keyring.keyed(KIND, "document", corpus, document)
