"""Releases that were made on purpose, what was found of them, how pointers moved, and turns of the loop."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from headrace.ledger.storage.tables.base import metadata

release_makings = Table(
    "release_makings",
    metadata,
    Column("release", Text, primary_key=True),
    Column("made_at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
)

release_evidence = Table(
    "release_evidence",
    metadata,
    Column("id", Text, primary_key=True),
    Column("release", Text, nullable=False),
    Column("suite", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("release_evidence_release", "release", "at_us"),
)

release_moves = Table(
    "release_moves",
    metadata,
    Column("environment", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("former", Text),
    Column("forced", Text, nullable=False),
    Column("evidence", Text, nullable=False),
)

loop_turns = Table(
    "loop_turns",
    metadata,
    Column("id", Text, primary_key=True),
    Column("environment", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at_us", BigInteger, nullable=False),
    Column("finished_at_us", BigInteger),
    Column("actor", Text, nullable=False),
    Index("loop_turns_environment", "environment", "number", unique=True),
)

loop_steps = Table(
    "loop_steps",
    metadata,
    Column("turn", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("inputs", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("finished_at_us", BigInteger, nullable=False),
)
