"""What embedders refused, and how they are watched."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, Table, Text

from headrace.ledger.storage.tables.base import metadata

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("text_hash", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("chunk_id", Text, nullable=False),
    Column("error_type", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("first_at_us", BigInteger, nullable=False),
    Column("last_at_us", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("run_id", Text, nullable=False),
)

sentinels = Table(
    "sentinels",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("text_hash", Text, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
)

sentinel_checks = Table(
    "sentinel_checks",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("embedder", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("lowest_cosine", Float),
    Column("models", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("checked_at_us", BigInteger, nullable=False),
)

probes = Table(
    "probes",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("corpus", Text, nullable=False),
    Column("titles", Integer, nullable=False),
    Column("titles_found", Integer, nullable=False),
    Column("sentences", Integer, nullable=False),
    Column("sentences_found", Integer, nullable=False),
    Column("documents", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("floor", Float, nullable=False),
    Column("probed_at_us", BigInteger, nullable=False),
)
