"""Where the vault keeps what calls hid: keys, values, what a scope is tied to, and who had values shown."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import sqlalchemy as sa

from headrace.ledger.failpoints import declare, fire
from headrace.ledger.identity import digest_bytes
from headrace.ledger.storage.rows import delete_in, insert_new, slices, storable
from headrace.ledger.storage.tables.vault import vault_audit, vault_keys, vault_ties, vault_values

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

Action = Literal["restore", "reveal"]
TABLES = ("vault_keys", "vault_values", "vault_ties", "vault_audit")
_MOST_EXPIRED = 200
_KEY = "SELECT id, scope, master, wrapped, created_at_us, expires_at_us FROM vault_keys WHERE id = ?"
_KEYS_OF = f"{_KEY.replace('id = ?', 'scope = ?')} AND expires_at_us > ? ORDER BY created_at_us DESC"
_ACTIVE = "SELECT id FROM vault_masters WHERE id = ? AND retired_at_us IS NULL"
_VALUES_OF = "SELECT scope, token, key_id, sealed, created_at_us FROM vault_values WHERE scope = ?"
_SAVING = declare("vault.in_save_transaction")


class KeyRow(NamedTuple):
    """The key of a scope, wrapped by a master key."""

    id: str
    scope: str
    master: str
    wrapped: bytes
    created_at_us: int
    expires_at_us: int


class ValueRow(NamedTuple):
    """One sealed value."""

    scope: str
    token: str
    key_id: str
    sealed: bytes
    created_at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One entry of the audit log: that values were given out, never which."""

    actor: str
    action: Action
    trace: str | None
    scope: str
    tokens: int
    reason: str = ""


def new_key_id() -> str:
    """A name for a key."""
    return digest_bytes("key", secrets.token_bytes(32))


def load(conn: Connection, scope: str, *, now_us: int) -> tuple[list[KeyRow], list[ValueRow]]:
    """The keys of a scope that have not expired, newest first, and its values."""
    keys = [KeyRow(*row) for row in _driver(conn, _KEYS_OF, (scope, now_us))]
    if not keys:
        return [], []
    return keys, [ValueRow(*row) for row in _driver(conn, _VALUES_OF, (scope,))]


def find(conn: Connection, token: str, *, now_us: int) -> list[tuple[KeyRow, ValueRow]]:
    """Every value with this token, of whatever scope."""
    values = [
        ValueRow(*row) for row in conn.execute(sa.select(vault_values).where(vault_values.c.token == token))
    ]
    keys = {row.id: row for row in _keys(conn, [value.key_id for value in values])}
    return [
        (keys[value.key_id], value)
        for value in values
        if value.key_id in keys and keys[value.key_id].expires_at_us > now_us
    ]


def add(tx: Write, key: KeyRow, values: Sequence[ValueRow], ties: Collection[str], *, is_new: bool) -> bool:
    """Keep values under a key, and the key with its time to live; False when the key may not be used.

    That is so when it was taken away or replaced since it was read, or when its master key was retired.
    """
    held = [KeyRow(*row) for row in _driver(tx.conn, _KEY, (key.id,))]
    if is_new and not held:
        if not _driver(tx.conn, _ACTIVE, (key.master,)):
            return False
        insert_new(tx.conn, vault_keys, [key._replace(created_at_us=tx.now_us)])
    elif not held:
        return False
    elif held[0].expires_at_us < key.expires_at_us:
        expires = {"expires_at_us": key.expires_at_us}
        earlier = sa.and_(vault_keys.c.scope == key.scope, vault_keys.c.expires_at_us < key.expires_at_us)
        tx.conn.execute(sa.update(vault_keys).where(earlier).values(expires))
    insert_new(tx.conn, vault_values, [value._replace(created_at_us=tx.now_us) for value in values])
    insert_new(tx.conn, vault_ties, [(tie, key.scope) for tie in ties])
    fire(_SAVING)
    return True


def same_tokens(conn: Connection, scope: str, tokens: Sequence[str]) -> list[ValueRow]:
    """Values that a scope has under these tokens already."""
    return [
        ValueRow(*row)
        for part in slices(tokens)
        for row in _driver(conn, f"{_VALUES_OF} AND token IN ({_marks(part)})", (scope, *part))
    ]


def audit(tx: Write, shown: Shown) -> str:
    """Note that values were given out; gives the id of the entry."""
    entry = digest_bytes("audit", secrets.token_bytes(32))
    reason = storable(shown.reason)
    row = (entry, tx.now_us, shown.actor, shown.action, shown.trace, shown.scope, shown.tokens, reason)
    insert_new(tx.conn, vault_audit, [row])
    return entry


def scopes_tied(conn: Connection, ties: Sequence[str]) -> list[str]:
    """Scopes that hold something of these documents or subjects."""
    found: set[str] = set()
    for part in slices(ties):
        found |= set(conn.execute(sa.select(vault_ties.c.scope).where(vault_ties.c.tie.in_(part))).scalars())
    return sorted(found)


def shred(tx: Write, scopes: Sequence[str]) -> int:
    """Destroy the keys of scopes with everything they sealed; gives how many values and keys went."""
    held = [count_in(tx.conn, table, scopes) for table in (vault_values, vault_keys)]
    for table in (vault_keys, vault_values, vault_ties):
        delete_in(tx.conn, table.c.scope, scopes)
    return sum(held)


def expire(tx: Write, *, now_us: int) -> int:
    """Destroy what has outlived its time; at most some of it at once. Gives how many keys went."""
    late = sa.select(vault_keys.c.id).where(vault_keys.c.expires_at_us <= now_us).limit(_MOST_EXPIRED)
    keys = list(tx.conn.execute(late).scalars())
    if not keys:
        return 0
    scopes = {row.scope for row in _keys(tx.conn, keys)}
    delete_in(tx.conn, vault_values.c.key_id, keys)
    delete_in(tx.conn, vault_keys.c.id, keys)
    delete_in(tx.conn, vault_ties.c.scope, sorted(scopes - _with_keys(tx.conn, sorted(scopes))))
    return len(keys)


def count_in(conn: Connection, table: sa.Table, scopes: Sequence[str]) -> int:
    """Rows of these scopes."""
    count = sa.select(sa.func.count()).select_from(table)
    return sum(
        int(conn.execute(count.where(table.c.scope.in_(part))).scalar_one()) for part in slices(scopes)
    )


def _with_keys(conn: Connection, scopes: Sequence[str]) -> set[str]:
    return {
        scope
        for part in slices(scopes)
        for scope in conn.execute(sa.select(vault_keys.c.scope).where(vault_keys.c.scope.in_(part))).scalars()
    }


def _keys(conn: Connection, ids: Sequence[str]) -> list[KeyRow]:
    return [
        KeyRow(*row)
        for part in slices(sorted(set(ids)))
        for row in conn.execute(sa.select(vault_keys).where(vault_keys.c.id.in_(part)))
    ]


def _driver(conn: Connection, statement: str, values: tuple[object, ...]) -> Sequence[Any]:
    # Read before every call: building a statement costs more than running it.
    marked = statement if conn.dialect.name == "sqlite" else statement.replace("?", "%s")
    return conn.exec_driver_sql(marked, values).all()


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))
