"""Traces that become cases and rows, and how much of the traffic the cases cover."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the queue of drafts, what was looked at and drawn, and runs of coverage."""
    op.create_table(
        "curation_items",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("depth", sa.Integer, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("author", sa.Text),
        sa.Column("family", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("noticed_at_us", sa.BigInteger, nullable=False),
        sa.Column("decided_at_us", sa.BigInteger),
        sa.Column("actor", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("merged_into", sa.Text),
        sa.Column("delivered_at_us", sa.BigInteger),
        sa.Column("result", sa.Text),
        sa.Column("body", sa.LargeBinary),
    )
    op.create_index("curation_items_state", "curation_items", ["state", "noticed_at_us"])
    op.create_index("curation_items_subject", "curation_items", ["subject"])
    op.create_table(
        "curation_links",
        sa.Column("item", sa.Text, primary_key=True),
        sa.Column("trace_id", sa.Text, primary_key=True),
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("occurred_at_us", sa.BigInteger, nullable=False),
        sa.Column("linked_at_us", sa.BigInteger, nullable=False),
        sa.Column("probability", sa.Float),
        sa.Column("evidence", sa.Text, nullable=False),
    )
    op.create_index("curation_links_trace", "curation_links", ["trace_id"])
    op.create_table(
        "curation_looked",
        sa.Column("trace_id", sa.Text, primary_key=True),
        sa.Column("ended_at_us", sa.BigInteger, nullable=False),
        sa.Column("looked_at_us", sa.BigInteger, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
    )
    op.create_index("curation_looked_ended", "curation_looked", ["ended_at_us"])
    op.create_table(
        "curation_runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("started_at_us", sa.BigInteger, nullable=False),
        sa.Column("finished_at_us", sa.BigInteger, nullable=False),
        sa.Column("signals_until_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
    )
    op.create_index("curation_runs_finished", "curation_runs", ["finished_at_us"])
    op.create_table(
        "curation_draws",
        sa.Column("since_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("until_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stratum", sa.Text, primary_key=True),
        sa.Column("frame", sa.Integer, nullable=False),
        sa.Column("drawn", sa.Integer, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
    )
    _coverage()


def _coverage() -> None:
    op.create_table(
        "coverage_runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("since_us", sa.BigInteger, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("figures", sa.Text, nullable=False),
    )
    op.create_index("coverage_runs_at", "coverage_runs", ["at_us"])
    op.create_table(
        "coverage_topics",
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("topic", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("queries", sa.Integer, nullable=False),
        sa.Column("figures", sa.Text, nullable=False),
        sa.Column("centroid", sa.LargeBinary, nullable=False),
    )
