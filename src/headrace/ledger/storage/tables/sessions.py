"""Sessions with their turns and what is made of them, and profiles with their history."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from headrace.ledger.storage.tables.base import metadata

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject", Text),
    Column("owner", Text),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    Column("closed_at_us", BigInteger),
    Column("turns", Integer, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Index("sessions_subject", "subject"),
    Index("sessions_updated", "updated_at_us"),
)

session_turns = Table(
    "session_turns",
    metadata,
    Column("session", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("role", Text, nullable=False),
    Column("trace_id", Text),
    Column("tokens", Integer, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("key", Text),
    Column("sealed", LargeBinary, nullable=False),
    Index("session_turns_key", "session", "key", unique=True),
)

session_memory = Table(
    "session_memory",
    metadata,
    Column("session", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("model", Text, nullable=False),
    Column("trace_id", Text),
    Column("tokens", Integer, nullable=False),
    Column("made_at_us", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

profiles = Table(
    "profiles",
    metadata,
    Column("name", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Index("profiles_subject", "subject"),
)

profile_changes = Table(
    "profile_changes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("schema", Text, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
