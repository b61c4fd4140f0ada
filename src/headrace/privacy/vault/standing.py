"""How the vault stands: counts, keys and the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from headrace.ledger.storage.tables.vault import vault_audit, vault_keys, vault_values
from headrace.privacy.vault import masters
from headrace.records.vault import VaultAudit, VaultKey, VaultStatus

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.ledger import Ledger


def status(ledger: Ledger, unprotected: Sequence[str], *, ttl: str, limit: int) -> VaultStatus:
    """One consistent reading; never a value."""
    with ledger.read() as conn:
        scopes = sa.select(
            sa.func.count(vault_keys.c.scope.distinct()), sa.func.min(vault_keys.c.expires_at_us)
        )
        count, next_expiry_us = conn.execute(scopes).one()
        return VaultStatus(
            scopes=count,
            values=_count(conn, vault_values),
            ttl=ttl,
            next_expiry_us=next_expiry_us,
            unprotected=tuple(unprotected),
            masters=tuple(_masters(conn)),
            shown=_count(conn, vault_audit),
            audit=tuple(_audit(conn, limit)),
        )


def _masters(conn: Connection) -> list[VaultKey]:
    wrapped = sa.select(vault_keys.c.master, sa.func.count()).group_by(vault_keys.c.master)
    counts: dict[str, int] = {row[0]: row[1] for row in conn.execute(wrapped)}
    return [
        VaultKey(
            id=item.id,
            created_at_us=item.created_at_us,
            retired_at_us=item.retired_at_us,
            keys=counts.get(item.id, 0),
        )
        for item in masters.every(conn)
    ]


def _audit(conn: Connection, limit: int) -> list[VaultAudit]:
    newest = sa.select(vault_audit).order_by(vault_audit.c.at_us.desc(), vault_audit.c.id).limit(limit)
    return [
        VaultAudit(
            id=row.id,
            at_us=row.at_us,
            actor=row.actor,
            action=row.action,
            trace=row.trace,
            tokens=row.tokens,
            reason=row.reason,
        )
        for row in conn.execute(newest)
    ]


def _count(conn: Connection, table: sa.Table) -> int:
    return int(conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
