"""What is hidden and what was erased."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from headrace.ledger.storage.tables.base import metadata

hidden = Table(
    "hidden",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("hidden_at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("requested_at_us", BigInteger, nullable=False),
    Column("finished_at_us", BigInteger),
    Column("found", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("certificate", Text),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("erasure", Text, nullable=False),
    Column("added_at_us", BigInteger, nullable=False),
)

keyring = Table(
    "keyring",
    metadata,
    Column("name", Text, primary_key=True),
    Column("key", LargeBinary, nullable=False),
)
