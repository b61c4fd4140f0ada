"""Physical indexes, what each publish made visible, and who may write."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from headrace.ledger.storage.tables.base import metadata

generations = Table(
    "generations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("corpus", Text, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("recipe", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("changed_at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("overrides", Text, nullable=False),
    Column("chosen_over", Text),
    Column("written_until_us", BigInteger),
    Column("pruned_at_us", BigInteger),
    Column("embeddings_computed", BigInteger, nullable=False),
    Column("embeddings_reused", BigInteger, nullable=False),
    Column("cost_micros", BigInteger),
    Column("sources", Text, nullable=False),
    Index("generations_corpus", "corpus", "ordinal", unique=True),
)

generation_states = Table(
    "generation_states",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("published_at_us", BigInteger, nullable=False),
    Column("documents", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("digest", Text),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("corpus", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at_us", BigInteger, nullable=False),
    Column("finished_at_us", BigInteger),
    Column("progress", Text, nullable=False),
    Column("report", Text, nullable=False),
    Index("runs_corpus", "corpus", "started_at_us"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token", BigInteger, nullable=False),
    Column("holder", Text),
    Column("expires_us", BigInteger, nullable=False),
)
