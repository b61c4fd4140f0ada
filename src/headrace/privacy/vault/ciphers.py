"""AES-GCM with a key for each scope, which a master key wraps: without either, values are noise."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from headrace.errors import VaultError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12


class Cipher:
    """Seals under one key. What it sealed can be opened only with the same key and for the same purpose."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher: AESGCM = AESGCM(key)

    def seal(self, data: bytes, purpose: str) -> bytes:
        """Nonce and ciphertext."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """What was sealed. Raises VaultError for another key, another purpose or changed bytes."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())
        except InvalidTag as error:
            raise VaultError(
                "A value of the vault cannot be opened: its key is another one, or the ledger was changed.",
                hint="Put the `keys` folder back that belongs to this ledger.",
            ) from error


def new_key() -> bytes:
    """A random key."""
    return secrets.token_bytes(KEY_BYTES)
