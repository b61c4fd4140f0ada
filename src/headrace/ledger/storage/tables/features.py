"""Runs that fill the online store."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from headrace.ledger.storage.tables.base import metadata

feature_runs = Table(
    "feature_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("view", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("as_of_us", BigInteger, nullable=False),
    Column("started_at_us", BigInteger, nullable=False),
    Column("finished_at_us", BigInteger),
    Column("actor", Text, nullable=False),
    Column("written", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Index("feature_runs_view", "view", "started_at_us"),
)
