"""Documents that a generation compares with each other, and which of them yield to which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of near duplicates."""
    op.create_table(
        "near_duplicates",
        sa.Column("generation", sa.Text, primary_key=True),
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("revision", sa.Text, nullable=False),
        sa.Column("input_digest", sa.Text, nullable=False),
        sa.Column("metadata_schema", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("acl_id", sa.Integer, nullable=False),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("modified_at_us", sa.BigInteger),
        sa.Column("winner", sa.Text),
        sa.Column("similarity", sa.Float),
        sa.Column("fate", sa.Text, nullable=False),
    )
    op.create_index("near_duplicates_winner", "near_duplicates", ["generation", "winner"])
