"""Signals of users, and the audited samples by which they are weighed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add signals, draws and audits."""
    op.create_table(
        "signals",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("span_id", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("redacted", sa.Text, nullable=False),
        sa.Column("inferred", sa.Integer, nullable=False),
        sa.Column("exposed", sa.Integer),
        sa.Column("changed", sa.Float),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("received_at_us", sa.BigInteger, nullable=False),
        sa.Column("joined_at_us", sa.BigInteger),
    )
    op.create_index("signals_trace", "signals", ["trace_id"])
    op.create_index("signals_kind", "signals", ["kind", "at_us"])
    op.create_index("signals_at", "signals", ["at_us"])
    op.create_index("signals_subject", "signals", ["subject"])
    op.create_index("signals_joined", "signals", ["joined_at_us"])
    op.create_table(
        "signal_draws",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("since_us", sa.BigInteger, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.Column("frame", sa.Integer, nullable=False),
        sa.Column("drawn", sa.Integer, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
    )
    op.create_table(
        "signal_audits",
        sa.Column("trace_id", sa.Text, primary_key=True),
        sa.Column("draw", sa.Text),
        sa.Column("probability", sa.Float),
        sa.Column("ended_us", sa.BigInteger, nullable=False),
        sa.Column("drawn_at_us", sa.BigInteger, nullable=False),
        sa.Column("verdict", sa.Text),
        sa.Column("actor", sa.Text),
        sa.Column("judged_at_us", sa.BigInteger),
    )
