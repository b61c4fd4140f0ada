"""The vault: its keys, its values, and who looked."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from headrace.ledger.storage.tables.base import metadata

vault_masters = Table(
    "vault_masters",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("retired_at_us", BigInteger),
)

vault_keys = Table(
    "vault_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("master", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
    Index("vault_keys_scope", "scope"),
    Index("vault_keys_expires", "expires_at_us"),
)

vault_values = Table(
    "vault_values",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Index("vault_values_token", "token"),
    Index("vault_values_key", "key_id"),
)

vault_ties = Table(
    "vault_ties",
    metadata,
    Column("tie", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    Index("vault_ties_scope", "scope"),
)

vault_audit = Table(
    "vault_audit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("trace", Text),
    Column("scope", Text, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Index("vault_audit_at", "at_us"),
)
