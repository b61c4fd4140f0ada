"""What models wrote of documents."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from headrace.ledger.storage.tables.base import metadata

step_outputs = Table(
    "step_outputs",
    metadata,
    Column("key", Text, primary_key=True),
    Column("prompt_name", Text, nullable=False),
    Column("prompt_digest", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("answered_by", Text, nullable=False),
    Column("schema_digest", Text, nullable=False),
    Column("parameters", Text, nullable=False),
    Column("output", Text, nullable=False),
    Column("repair", Text),
    Column("attempts", Integer, nullable=False),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("created_at_us", BigInteger, nullable=False),
)

step_uses = Table(
    "step_uses",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Index("step_uses_key", "key"),
)

step_states = Table(
    "step_states",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("keys", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)

step_letters = Table(
    "step_letters",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("revision", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("attempts", Text, nullable=False),
    Column("prompt_digest", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("first_at_us", BigInteger, nullable=False),
    Column("last_at_us", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Index("step_letters_key", "key"),
)

step_columns = Table(
    "step_columns",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("kinds", Text, nullable=False),
    Column("documents", Integer, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)
