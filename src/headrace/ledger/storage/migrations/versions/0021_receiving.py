"""Spans and log records that could not be kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the quarantine of traces."""
    op.create_table(
        "trace_quarantine",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("signal", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text),
        sa.Column("span_id", sa.Text),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("received_at_us", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("settled_at_us", sa.BigInteger),
        sa.Column("settled_by", sa.Text),
        sa.Column("body", sa.LargeBinary),
    )
    op.create_index("trace_quarantine_state", "trace_quarantine", ["state", "received_at_us"])
