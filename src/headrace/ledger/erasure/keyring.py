"""Keys of a workspace: one to match names without storing them, one to sign, one to seal."""

from __future__ import annotations

import os
import secrets
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from headrace.errors import StorageError
from headrace.ledger.durability import fsync_path, make_folder
from headrace.ledger.identity import digest_bytes, encode
from headrace.ledger.storage.rows import delete_in, insert_new
from headrace.ledger.storage.tables.erasure import keyring as table

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger

_BYTES = 32
SUBJECT = "subject"
"""Kind of the keyed hashes of users."""


class Keyring:
    """Keys in `<state>/keys`, mode 0600; a PostgreSQL ledger keeps them too, for the whole team."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self._folder = folder
        self._ledger = ledger
        self._known: dict[str, bytes] = {}

    def key(self, name: str) -> bytes:
        """32 random bytes, made at first use. Raises StorageError for a damaged key file."""
        if name not in self._known:
            self._known[name] = (
                self._shared(name) if self._ledger.engine_name != "sqlite" else self._own(name)
            )
        return self._known[name]

    def destroy(self, name: str) -> None:
        """Remove a key for good: nothing that it wrapped can be read any more."""
        self._known.pop(name, None)
        path = self._folder / f"{name}.key"
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            fsync_path(path.parent)
        if self._ledger.engine_name != "sqlite":
            self._ledger.write(lambda tx: delete_in(tx.conn, table.c.name, [name]))

    def keyed(self, kind: str, *parts: str) -> str:
        """`<kind>_<26 characters>`: the same for the same parts, and nothing to whoever lacks the key."""
        hashed = blake2b(encode(list(parts)), key=self.key("match"), digest_size=32).digest()
        return digest_bytes(kind, hashed)

    def subject(self, subject: str) -> str:
        """The keyed hash by which whatever is kept of a user is found."""
        return self.keyed(SUBJECT, subject)

    def seal(self, text: str) -> bytes:
        """Encrypt a text for this workspace."""
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        nonce = secrets.token_bytes(12)
        return nonce + ChaCha20Poly1305(self.key("seal")).encrypt(nonce, text.encode(), None)

    def unseal(self, sealed: bytes) -> str:
        """Decrypt what `seal` made. Raises StorageError when the key is not the one."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        try:
            return ChaCha20Poly1305(self.key("seal")).decrypt(sealed[:12], sealed[12:], None).decode()
        except InvalidTag as error:
            raise StorageError(
                "What was sealed in the ledger cannot be read: it was sealed with another key.",
                hint=f"Put the former keys back into {str(self._folder)!r} and run the command again.",
            ) from error

    def _own(self, name: str) -> bytes:
        path = self._folder / f"{name}.key"
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            return self._write(path, secrets.token_bytes(_BYTES))
        if len(key) != _BYTES:
            raise StorageError(f"The key file {str(path)!r} is damaged.", hint="Restore it from a backup.")
        return key

    def _shared(self, name: str) -> bytes:
        with self._ledger.read() as conn:
            found = conn.execute(sa.select(table.c.key).where(table.c.name == name)).scalar_one_or_none()
        if found is None:
            mine = self._own(name)  # a ledger restored from before the key was made gets it back
            self._ledger.write(lambda tx: insert_new(tx.conn, table, [(name, mine)]))
            with self._ledger.read() as conn:
                found = conn.execute(sa.select(table.c.key).where(table.c.name == name)).scalar_one()
        return bytes(found)

    def _write(self, path: Path, key: bytes) -> bytes:
        make_folder(path.parent).chmod(0o700)
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)  # fails where another process was first: then its key is the key
        except FileExistsError:
            key = path.read_bytes()
        part.unlink()
        fsync_path(path.parent)
        return key
