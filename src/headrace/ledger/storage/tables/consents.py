"""What users allow to be done with what they said."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from headrace.ledger.storage.tables.base import metadata

consents = Table(
    "consents",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("decided_at_us", BigInteger, primary_key=True, autoincrement=False),
    Column("allowed", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
