"""One scope as a call sees it: the values it holds already, and those that the call adds."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.privacy.vault.ciphers import Cipher
from headrace.privacy.vault.keys import ScopeKey
from headrace.privacy.vault.store import ValueRow
from headrace.privacy.vault.tokens import suffix
from headrace.privacy.vault.values import Value


class ScopeValues:
    """Names of tokens and their values, within one scope."""

    def __init__(self, hash_key: bytes, held: Sequence[ValueRow], ciphers: dict[str, Cipher]) -> None:
        """`held` are sealed with the `ciphers` of their keys; they are opened when they are asked for."""
        self._hash_key = hash_key
        self._held = {row.token: row for row in held}
        self._ciphers = ciphers
        self._open: dict[str, Value] = {}
        self._names: dict[tuple[str, Value], str] = {}
        self.fresh: dict[str, Value] = {}
        """Values that are not stored yet."""

    def mint(self, kind: str, value: Value) -> str:
        """The name of the token for a value: the same for the same value, and nobody else's."""
        known = self._names.get((kind, value))
        if known is not None:
            return known
        attempt = 0
        while True:
            text = f"{value.form}\0{value.text}"
            name = f"{kind}_{suffix(self._hash_key, kind, text, attempt=attempt)}"
            taken = self.get(name)
            if taken is None:
                self.fresh[name] = self._open[name] = value
            if taken is None or taken == value:
                self._names[kind, value] = name
                return name
            attempt += 1

    def get(self, name: str) -> Value | None:
        """The value of a token. Raises VaultError when it cannot be opened."""
        value = self._open.get(name)
        row = self._held.get(name) if value is None else None
        if row is not None and row.key_id in self._ciphers:
            data = self._ciphers[row.key_id].open(row.sealed, purpose(row.scope, name))
            value = self._open[name] = Value.from_bytes(data)
        return value

    def is_other(self, row: ValueRow) -> bool:
        """Whether a stored row holds another value than the one that has its token here."""
        if row.key_id not in self._ciphers:
            return False  # of a call at the same time, whose key is not known here
        stored = self._ciphers[row.key_id].open(row.sealed, purpose(row.scope, row.token))
        return Value.from_bytes(stored) != self._open.get(row.token)

    def sealed(self, scope: str, key: ScopeKey, names: Sequence[str]) -> list[ValueRow]:
        """Rows that keep these values under a key."""
        return [
            ValueRow(
                scope, name, key.row.id, key.cipher.seal(self._open[name].to_bytes(), purpose(scope, name)), 0
            )
            for name in names
        ]


def purpose(scope: str, name: str) -> str:
    """What a sealed value is bound to: moved to another row it does not open."""
    return f"{scope}/{name}"
