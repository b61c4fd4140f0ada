"""Files with cold spans, and holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the files that hold cold spans, and what must not be moved or deleted."""
    op.create_table(
        "cold_files",
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("spans", sa.BigInteger, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("first_end_ns", sa.BigInteger, nullable=False),
        sa.Column("last_end_ns", sa.BigInteger, nullable=False),
        sa.Column("sieve", sa.LargeBinary, nullable=False),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("cold_files_day", "cold_files", ["day"])
    op.create_table(
        "trace_holds",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("trace_id", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("since_ns", sa.BigInteger),
        sa.Column("until_ns", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("added_at_us", sa.BigInteger, nullable=False),
        sa.Column("released_at_us", sa.BigInteger),
        sa.Column("released_by", sa.Text),
    )
