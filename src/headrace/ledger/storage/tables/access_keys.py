"""Keys of callers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from headrace.ledger.storage.tables.base import metadata

access_keys = Table(
    "access_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("access", Text, nullable=False),
    Column("per_minute", Integer),
    Column("tokens_per_day", BigInteger),
    Column("micro_per_day", BigInteger),
    Column("currency", Text),
    Column("created_at_us", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("revoked_at_us", BigInteger),
    Column("revoked_by", Text),
    Index("access_keys_secret", "secret", unique=True),
)

access_key_uses = Table(
    "access_key_uses",
    metadata,
    Column("key", Text, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("cost_micro", BigInteger, nullable=False),
    Column("unpriced", BigInteger, nullable=False),
)
