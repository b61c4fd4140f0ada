"""What gates said and what people decided."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text

from headrace.ledger.storage.tables.base import metadata

gate_verdicts = Table(
    "gate_verdicts",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("revision", Text, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("gate", Text),
    Column("gates", Text, nullable=False),
    Column("verdicts", Text, nullable=False),
    Column("judged_at_us", BigInteger, nullable=False),
    Column("run_id", Text, nullable=False),
    Index("gate_verdicts_outcome", "generation", "outcome"),
)

gate_decisions = Table(
    "gate_decisions",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("revision", Text, primary_key=True),
    Column("gate", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_at_us", BigInteger, nullable=False),
)
