"""What gates said of each document of a generation, and what people decided against them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of verdicts and decisions, and have what waits judged again, to know its verdicts."""
    op.execute("UPDATE failures SET stamp = '' WHERE stage IN ('gate', 'dropped')")
    op.create_table(
        "gate_verdicts",
        sa.Column("generation", sa.Text, primary_key=True),
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("revision", sa.Text, nullable=False),
        sa.Column("stamp", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("gate", sa.Text),
        sa.Column("gates", sa.Text, nullable=False),
        sa.Column("verdicts", sa.Text, nullable=False),
        sa.Column("judged_at_us", sa.BigInteger, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
    )
    op.create_index("gate_verdicts_outcome", "gate_verdicts", ["generation", "outcome"])
    op.create_table(
        "gate_decisions",
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("revision", sa.Text, primary_key=True),
        sa.Column("gate", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("decided_at_us", sa.BigInteger, nullable=False),
    )
