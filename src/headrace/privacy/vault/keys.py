"""The keys of scopes: made, wrapped by a master key and unwrapped."""

from __future__ import annotations

from typing import NamedTuple

from headrace.privacy.vault.ciphers import Cipher, new_key
from headrace.privacy.vault.masters import Masters
from headrace.privacy.vault.store import KeyRow, new_key_id


class ScopeKey(NamedTuple):
    """A key that can be used."""

    row: KeyRow
    cipher: Cipher
    is_new: bool


def make(masters: Masters, scope: str, *, expires_at_us: int, fresh: bool = False) -> ScopeKey:
    """A new key for a scope; it counts once its row is stored. `fresh` looks which master key wraps now."""
    return wrap(masters, masters.current(fresh=fresh).id, scope, expires_at_us=expires_at_us)


def wrap(masters: Masters, master: str, scope: str, *, expires_at_us: int) -> ScopeKey:
    """A new key under this master key."""
    key, name = new_key(), new_key_id()
    wrapped = masters.cipher(master).seal(key, f"{scope}/{name}")
    return ScopeKey(KeyRow(name, scope, master, wrapped, 0, expires_at_us), Cipher(key), True)


def unwrap(masters: Masters, row: KeyRow) -> ScopeKey:
    """The key of a row. Raises VaultError without its master key."""
    key = masters.cipher(row.master).open(bytes(row.wrapped), f"{row.scope}/{row.id}")
    return ScopeKey(row, Cipher(key), False)
