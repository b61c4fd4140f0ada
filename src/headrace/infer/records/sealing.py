"""The body of a record as it lies on disk: encrypted, bound to its record, nothing of it in clear."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.errors import StorageError
from headrace.ledger.identity import decode, encode

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring

_KEY = "records"
_NONCE = 12


class Body(NamedTuple):
    """What a record holds."""

    value: Any
    """As it was valid by its schema."""
    original: bytes
    """As the model wrote it."""


class Seal:
    """Seals bodies with a key of the workspace: AES-256-GCM with the record's id as associated data."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def close(self, record: str, value: Any, original: bytes = b"") -> bytes:
        """Seal a body. Raises TypeError or ValueError for a value that is no JSON."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        text = json.dumps(value, allow_nan=False)
        parts = [original] if _says(original, text) else [original, text]
        nonce = secrets.token_bytes(_NONCE)
        cipher = AESGCM(self._keyring.key(_KEY))
        return nonce + cipher.encrypt(nonce, encode(parts), record.encode())

    def open(self, record: str, sealed: bytes) -> Body:
        """Open a body. Raises StorageError for another key, and for the bytes of another record."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        data = bytes(sealed)
        try:
            opened = AESGCM(self._keyring.key(_KEY)).decrypt(data[:_NONCE], data[_NONCE:], record.encode())
        except InvalidTag as error:
            raise StorageError(
                f"Record {record!r} cannot be read: it was sealed with another key, or is damaged.",
                hint="Put the former keys of the workspace back, or restore the ledger from a backup.",
                record=record,
            ) from error
        original, *text = decode(opened)
        return Body(value=json.loads(text[0] if text else original), original=original)


def _says(original: bytes, text: str) -> bool:
    """Whether the original alone gives the value back."""
    try:
        return json.dumps(json.loads(original), allow_nan=False) == text
    except (ValueError, RecursionError):
        return False
