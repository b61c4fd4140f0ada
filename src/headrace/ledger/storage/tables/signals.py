"""What users said, and what was drawn to be judged."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table, Text

from headrace.ledger.storage.tables.base import metadata

signals = Table(
    "signals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("trace_id", Text, nullable=False),
    Column("span_id", Text),
    Column("kind", Text, nullable=False),
    Column("subject", Text),
    Column("value", Text, nullable=False),
    Column("comment", Text),
    Column("redacted", Text, nullable=False),
    Column("inferred", Integer, nullable=False),
    Column("exposed", Integer),
    Column("changed", Float),
    Column("at_us", BigInteger, nullable=False),
    Column("received_at_us", BigInteger, nullable=False),
    Column("joined_at_us", BigInteger),
    Index("signals_trace", "trace_id"),
    Index("signals_kind", "kind", "at_us"),
    Index("signals_at", "at_us"),
    Index("signals_subject", "subject"),
    Index("signals_joined", "joined_at_us"),
)

signal_draws = Table(
    "signal_draws",
    metadata,
    Column("id", Text, primary_key=True),
    Column("since_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("frame", Integer, nullable=False),
    Column("drawn", Integer, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
)

signal_audits = Table(
    "signal_audits",
    metadata,
    Column("trace_id", Text, primary_key=True),
    Column("draw", Text),
    Column("probability", Float),
    Column("ended_us", BigInteger, nullable=False),
    Column("drawn_at_us", BigInteger, nullable=False),
    Column("verdict", Text),
    Column("actor", Text),
    Column("judged_at_us", BigInteger),
)
