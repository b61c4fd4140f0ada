"""`vault rotate`: a new master key, new keys for all scopes, every value sealed anew, the old keys gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from headrace.ledger import leases
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.storage.cleaning import clean_ledger
from headrace.ledger.storage.rows import delete_in
from headrace.ledger.storage.tables.vault import vault_keys, vault_values
from headrace.privacy.vault import keys, masters, store
from headrace.privacy.vault.masters import Master, Masters
from headrace.privacy.vault.scope import purpose
from headrace.records.vault import RotateReport

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write

_BATCH = 100
_STARTED = declare("vault.rotate_started")
_IN_BATCH = declare("vault.in_rotate_transaction")
_BATCH_DONE = declare("vault.rotate_batch")
_DESTROYED = declare("vault.rotate_destroyed")


def rotate(ledger: Ledger, held: Masters) -> RotateReport:
    """Replace every key. A rotation that was interrupted is gone on with; calls go on meanwhile.

    Raises VaultError when a key cannot be unwrapped, LeaseHeld while another rotation runs.
    """
    with leases.held(ledger, "vault/rotation"):
        master, resumed = _new_master(ledger, held)
        fire(_STARTED)
        scopes = values = 0
        while True:
            count, sealed = ledger.write(lambda tx: _reseal(tx, held, master))
            if not count:
                break
            scopes, values = scopes + count, values + sealed
            fire(_BATCH_DONE)
        with ledger.read() as conn:
            old = [item for item in masters.every(conn) if item.number < master.number]
        for item in old:
            held.destroy(item)
            fire(_DESTROYED)
        clean_ledger(ledger, set(store.TABLES))
    return RotateReport(
        key=master.id,
        keys=scopes,
        values=values,
        destroyed=tuple(item.id for item in old),
        resumed=resumed,
    )


def _new_master(ledger: Ledger, held: Masters) -> tuple[Master, bool]:
    """The key to rotate to; an interrupted rotation has made it already."""
    current = held.current()
    with ledger.read() as conn:
        is_interrupted = len(masters.every(conn)) > 1
    return (current, True) if is_interrupted else (held.add(after=current.number), False)


def _reseal(tx: Write, held: Masters, master: Master) -> tuple[int, int]:
    """Give some scopes new keys; how many, and how many values were sealed anew."""
    older = sa.select(vault_keys).where(vault_keys.c.master != master.id).order_by(vault_keys.c.id)
    rows = [store.KeyRow(*row) for row in tx.conn.execute(older.limit(_BATCH))]
    sealed = sum(_replace(tx, held, master, row) for row in rows)
    if rows:
        fire(_IN_BATCH)
    return len(rows), sealed


def _replace(tx: Write, held: Masters, master: Master, row: store.KeyRow) -> int:
    before = keys.unwrap(held, row)
    after = keys.wrap(held, master.id, row.scope, expires_at_us=row.expires_at_us)
    statement = sa.select(vault_values).where(vault_values.c.key_id == row.id)
    values = [store.ValueRow(*value) for value in tx.conn.execute(statement)]
    for value in values:
        bound = purpose(value.scope, value.token)
        anew = after.cipher.seal(before.cipher.open(bytes(value.sealed), bound), bound)
        mine = sa.and_(vault_values.c.scope == value.scope, vault_values.c.token == value.token)
        tx.conn.execute(sa.update(vault_values).where(mine).values(key_id=after.row.id, sealed=anew))
    delete_in(tx.conn, vault_keys.c.id, [row.id])
    tx.conn.execute(sa.insert(vault_keys).values(after.row._replace(created_at_us=row.created_at_us)))
    return len(values)
