"""What arrived of traces and could not be kept."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from headrace.ledger.storage.tables.base import metadata

trace_quarantine = Table(
    "trace_quarantine",
    metadata,
    Column("id", Text, primary_key=True),
    Column("signal", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("trace_id", Text),
    Column("span_id", Text),
    Column("size_bytes", Integer, nullable=False),
    Column("received_at_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("settled_at_us", BigInteger),
    Column("settled_by", Text),
    Column("body", LargeBinary),
    Index("trace_quarantine_state", "state", "received_at_us"),
)
