"""What is derived, what points to it, and from what it came."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from headrace.ledger.storage.tables.base import metadata

artifacts = Table(
    "artifacts",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
)

refs = Table(
    "refs",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("artifact", Text, nullable=False),
    Column("valid_from_us", BigInteger, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("refs_at", "name", "valid_from_us", "seq"),
)

edges = Table(
    "edges",
    metadata,
    Column("target", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("activity", Text, primary_key=True),
    Column("attributes", Text, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
    Index("edges_source", "source"),
)
