"""Master keys: they wrap the keys of scopes, lie beside the ledger, and are replaced by rotation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import insert_new
from headrace.ledger.storage.tables.vault import vault_masters as table
from headrace.privacy.vault.ciphers import Cipher

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write


class Master(NamedTuple):
    """One master key, by name."""

    id: str
    number: int
    created_at_us: int
    retired_at_us: int | None
    """Since when it wraps nothing new."""


class Masters:
    """The master keys of a workspace."""

    def __init__(self, ledger: Ledger, keyring: Keyring) -> None:
        self._ledger = ledger
        self._keyring = keyring
        self._ciphers: dict[str, Cipher] = {}
        self._current: Master | None = None

    def current(self, *, fresh: bool = True) -> Master:
        """The one that wraps new keys; the first is made at first use.

        Not `fresh`, it may have been retired since: who stores a key that it wraps is told so.
        """
        if self._current is None or fresh:
            with self._ledger.read() as conn:
                found = newest(conn)
            self._current = found if found is not None else self.add(after=0)
        return self._current

    def add(self, *, after: int) -> Master:
        """Make the next one and retire those before it; of two that try at once one wins."""
        name = f"vault-{after + 1}"
        self._keyring.key(name)

        def work(tx: Write) -> None:
            insert_new(tx.conn, table, [(name, after + 1, tx.now_us, None)])
            older = sa.and_(table.c.number <= after, table.c.retired_at_us.is_(None))
            tx.conn.execute(sa.update(table).where(older).values(retired_at_us=tx.now_us))

        self._ledger.write(work)
        with self._ledger.read() as conn:
            found = newest(conn)
        assert found is not None
        return found

    def cipher(self, name: str) -> Cipher:
        """What wraps and unwraps with a master key."""
        if name not in self._ciphers:
            self._ciphers[name] = Cipher(self._keyring.key(name))
        return self._ciphers[name]

    def destroy(self, master: Master) -> None:
        """Remove a retired key for good."""
        self._ciphers.pop(master.id, None)
        self._keyring.destroy(master.id)
        self._ledger.write(lambda tx: tx.conn.execute(sa.delete(table).where(table.c.id == master.id)))


def newest(conn: Connection) -> Master | None:
    """The key that wraps new ones."""
    row = conn.execute(sa.select(table).order_by(table.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else Master(*row)


def every(conn: Connection) -> list[Master]:
    """All that are not destroyed, oldest first."""
    return [Master(*row) for row in conn.execute(sa.select(table).order_by(table.c.number))]
