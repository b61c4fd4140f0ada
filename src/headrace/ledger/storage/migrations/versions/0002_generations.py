"""Generations as a registry: what they were made from and cost, how long they are written, each state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; the history of a generation that is there begins with the state it is in."""
    _columns()
    op.create_table(
        "generation_states",
        sa.Column("generation", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.execute(
        "INSERT INTO generation_states (generation, seq, state, at_us, actor, reason) "
        "SELECT id, 1, state, changed_at_us, actor, reason FROM generations"
    )


def _columns() -> None:
    for name in ("settings", "overrides", "sources"):
        op.add_column("generations", sa.Column(name, sa.Text, nullable=False, server_default="{}"))
    for name in ("embeddings_computed", "embeddings_reused"):
        op.add_column("generations", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("generations", sa.Column("chosen_over", sa.Text))
    for name in ("written_until_us", "pruned_at_us", "cost_micros"):
        op.add_column("generations", sa.Column(name, sa.BigInteger))
