"""Documents and what happened to them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, Table, Text

from headrace.ledger.storage.tables.base import metadata

documents = Table(
    "documents",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("input_digest", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("chunk_count", Integer, nullable=False),
    Column("title", Text),
    Column("media_type", Text, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("acl_id", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("modified_at_us", BigInteger),
    Column("indexed_at_us", BigInteger, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("moved_from", Text),
    Column("metadata_schema", Text, nullable=False, server_default=""),
    Column("misfits", Text, nullable=False, server_default="{}"),
    Column("quality", Text, nullable=False, server_default="{}"),
    Column("phrases", LargeBinary),
    Column("links", LargeBinary),
    Column("copied", Float),
    Column("in_links", Integer),
    Index("documents_revision", "generation", "revision"),
    Index("documents_acl", "generation", "acl_id"),
)

observations = Table(
    "observations",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("verified_at_us", BigInteger, nullable=False),
)

failures = Table(
    "failures",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("stage", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("first_at_us", BigInteger, nullable=False),
    Column("last_at_us", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("run_id", Text, nullable=False),
)

document_history = Table(
    "document_history",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("at_us", BigInteger, primary_key=True, autoincrement=False),
    Column("event", Text, primary_key=True),
    Column("corpus", Text, primary_key=True),
    Column("generation", Text, primary_key=True),
    Column("revision", Text),
    Column("listed_at_us", BigInteger),
    Column("run_id", Text),
    Column("detail", Text, nullable=False),
)

listings = Table(
    "listings",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("tried_at_us", BigInteger, nullable=False),
    Column("complete_at_us", BigInteger),
    Column("reason", Text, nullable=False),
    Column("documents", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("waiting_since_us", BigInteger),
)

absences = Table(
    "absences",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("since_us", BigInteger, nullable=False),
)

freshness_days = Table(
    "freshness_days",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("changes", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Column("total_lag_us", BigInteger, nullable=False),
    Column("max_lag_us", BigInteger, nullable=False),
)

near_duplicates = Table(
    "near_duplicates",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("input_digest", Text, nullable=False),
    Column("metadata_schema", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("acl_id", Integer, nullable=False),
    Column("labels", Text, nullable=False),
    Column("modified_at_us", BigInteger),
    Column("winner", Text),
    Column("similarity", Float),
    Column("fate", Text, nullable=False),
    Index("near_duplicates_winner", "generation", "winner"),
)
