"""A key for each single thing, such as a session: it lies wrapped beside the thing and goes with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from headrace.errors import StorageError, VaultError
from headrace.privacy.vault.ciphers import Cipher, new_key

if TYPE_CHECKING:
    from headrace.ledger.erasure.keyring import Keyring


class SingleKeys:
    """Makes and opens keys of one kind of thing, wrapped by a key of the workspace of that name."""

    def __init__(self, keyring: Keyring, kind: str) -> None:
        self._keyring = keyring
        self._kind = kind

    def ready(self) -> None:
        """Make the wrapping key now: no write may start inside a write."""
        self._keyring.key(self._kind)

    def make(self, name: str) -> tuple[bytes, Sealer]:
        """A new key for a thing: as it is kept, and ready to seal with."""
        key = new_key()
        return self._wrapping().seal(key, f"{self._kind}/{name}"), Sealer(key, self._kind)

    def open(self, name: str, wrapped: bytes) -> Sealer:
        """The key of a thing. Raises StorageError without the key that wrapped it."""
        try:
            return Sealer(self._wrapping().open(wrapped, f"{self._kind}/{name}"), self._kind)
        except VaultError as error:
            raise _unreadable(self._kind) from error

    def _wrapping(self) -> Cipher:
        return Cipher(self._keyring.key(self._kind))


class Sealer:
    """Seals JSON values under one key; each opens only in the place it was sealed for."""

    def __init__(self, key: bytes, kind: str) -> None:
        self._cipher = Cipher(key)
        self._kind = kind

    def seal(self, value: Any, place: str) -> bytes:
        """Seal a value. Raises TypeError and ValueError for one that JSON cannot hold."""
        return self._cipher.seal(json.dumps(value, allow_nan=False).encode(), place)

    def open(self, sealed: bytes, place: str) -> Any:
        """What was sealed. Raises StorageError for another place or changed bytes."""
        try:
            return json.loads(self._cipher.open(sealed, place))
        except VaultError as error:
            raise _unreadable(self._kind) from error


def _unreadable(kind: str) -> StorageError:
    return StorageError(
        f"What the ledger keeps of {kind} cannot be opened: its key is another one, or it was changed.",
        hint="Put the `keys` folder back that belongs to this ledger.",
    )
