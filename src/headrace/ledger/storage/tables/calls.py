"""Calls to models, their records and their cache."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, Table, Text

from headrace.ledger.storage.tables.base import metadata

call_letters = Table(
    "call_letters",
    metadata,
    Column("id", Text, primary_key=True),
    Column("trace_id", Text, nullable=False),
    Column("span_id", Text, nullable=False),
    Column("prompt", Text),
    Column("schema", Text),
    Column("model", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("settled_at_us", BigInteger),
    Column("settled_by", Text),
    Column("settled_trace", Text),
    Column("body", LargeBinary),
    Index("call_letters_state", "state", "at_us"),
)

call_keys = Table(
    "call_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("outcome", LargeBinary),
    Index("call_keys_until", "until_us"),
)

records = Table(
    "records",
    metadata,
    Column("id", Text, primary_key=True),
    Column("schema", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("schema_digest", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt", Text),
    Column("rendered", Text, nullable=False),
    Column("generation", Text),
    Column("release", Text),
    Column("trace_id", Text, nullable=False),
    Column("span_id", Text, nullable=False),
    Column("event_time_us", BigInteger, nullable=False),
    Column("known_at_us", BigInteger, nullable=False),
    Column("repair", Text),
    Column("subject", Text),
    Column("sealed", LargeBinary),
    Column("rewritten_version", Integer),
    Column("rewritten_chain", Text),
    Column("rewritten", LargeBinary),
    Column("erased_at_us", BigInteger),
    Index("records_call", "trace_id", "span_id", unique=True),
    Index("records_schema", "schema", "id"),
    Index("records_known", "known_at_us"),
    Index("records_subject", "subject"),
)

record_documents = Table(
    "record_documents",
    metadata,
    Column("record", Text, primary_key=True),
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("chunk_id", Text, primary_key=True),
    Column("revision", Text, nullable=False),
    Index("record_documents_document", "corpus", "uri"),
)

cache_series = Table(
    "cache_series",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("threshold", Float, nullable=False),
    Column("started_at_us", BigInteger, nullable=False),
    Column("checks", Integer, nullable=False),
    Column("false_hits", Integer, nullable=False),
    Column("off_at_us", BigInteger),
    Column("reason", Text, nullable=False),
)
