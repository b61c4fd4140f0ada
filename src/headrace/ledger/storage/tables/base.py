"""What all tables of the ledger belong to, and its clock."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table

HEAD = "0026"
"""Revision of the newest migration."""


metadata = MetaData()


meta = Table(
    "meta",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("last_us", BigInteger, nullable=False),
)
