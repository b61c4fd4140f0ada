"""Which files hold spans that left the event store, and what must not be moved or deleted."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from headrace.ledger.storage.tables.base import metadata

cold_files = Table(
    "cold_files",
    metadata,
    Column("path", Text, primary_key=True),
    Column("day", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("spans", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("first_end_ns", BigInteger, nullable=False),
    Column("last_end_ns", BigInteger, nullable=False),
    Column("sieve", LargeBinary, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Index("cold_files_day", "day"),
)

trace_holds = Table(
    "trace_holds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("trace_id", Text),
    Column("subject", Text),
    Column("since_ns", BigInteger),
    Column("until_ns", BigInteger),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("added_at_us", BigInteger, nullable=False),
    Column("released_at_us", BigInteger),
    Column("released_by", Text),
)
