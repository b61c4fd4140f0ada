"""What traces were turned into: draft cases, rows and pairs that wait for a decision; coverage of traffic."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, Table, Text

from headrace.ledger.storage.tables.base import metadata

curation_items = Table(
    "curation_items",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("subject", Text),
    Column("author", Text),
    Column("family", Text, nullable=False),
    Column("owner", Text),
    Column("noticed_at_us", BigInteger, nullable=False),
    Column("decided_at_us", BigInteger),
    Column("actor", Text),
    Column("note", Text),
    Column("merged_into", Text),
    Column("delivered_at_us", BigInteger),
    Column("result", Text),
    Column("body", LargeBinary),
    Index("curation_items_state", "state", "noticed_at_us"),
    Index("curation_items_subject", "subject"),
)

curation_links = Table(
    "curation_links",
    metadata,
    Column("item", Text, primary_key=True),
    Column("trace_id", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("occurred_at_us", BigInteger, nullable=False),
    Column("linked_at_us", BigInteger, nullable=False),
    Column("probability", Float),
    Column("evidence", Text, nullable=False),
    Index("curation_links_trace", "trace_id"),
)

curation_looked = Table(
    "curation_looked",
    metadata,
    Column("trace_id", Text, primary_key=True),
    Column("ended_at_us", BigInteger, nullable=False),
    Column("looked_at_us", BigInteger, nullable=False),
    Column("evidence", Text, nullable=False),
    Index("curation_looked_ended", "ended_at_us"),
)

curation_runs = Table(
    "curation_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("started_at_us", BigInteger, nullable=False),
    Column("finished_at_us", BigInteger, nullable=False),
    Column("signals_until_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Index("curation_runs_finished", "finished_at_us"),
)

curation_draws = Table(
    "curation_draws",
    metadata,
    Column("since_us", BigInteger, primary_key=True, autoincrement=False),
    Column("until_us", BigInteger, primary_key=True, autoincrement=False),
    Column("stratum", Text, primary_key=True),
    Column("frame", Integer, nullable=False),
    Column("drawn", Integer, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)

coverage_runs = Table(
    "coverage_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("figures", Text, nullable=False),
    Index("coverage_runs_at", "at_us"),
)

coverage_topics = Table(
    "coverage_topics",
    metadata,
    Column("run", Text, primary_key=True),
    Column("topic", Integer, primary_key=True, autoincrement=False),
    Column("label", Text, nullable=False),
    Column("queries", Integer, nullable=False),
    Column("figures", Text, nullable=False),
    Column("centroid", LargeBinary, nullable=False),
)
