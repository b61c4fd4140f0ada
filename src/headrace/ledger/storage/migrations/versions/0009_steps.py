"""Outputs of LLM steps, who uses them, what became of each document, dead letters, columns of sources."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the five tables of steps."""
    op.create_table(
        "step_outputs",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("prompt_name", sa.Text, nullable=False),
        sa.Column("prompt_digest", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("answered_by", sa.Text, nullable=False),
        sa.Column("schema_digest", sa.Text, nullable=False),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("output", sa.Text, nullable=False),
        sa.Column("repair", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("input_tokens", sa.BigInteger),
        sa.Column("output_tokens", sa.BigInteger),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "step_uses",
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
    )
    op.create_index("step_uses_key", "step_uses", ["key"])
    op.create_table(
        "step_states",
        sa.Column("generation", sa.Text, primary_key=True),
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("keys", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "step_letters",
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("revision", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("attempts", sa.Text, nullable=False),
        sa.Column("prompt_digest", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("first_at_us", sa.BigInteger, nullable=False),
        sa.Column("last_at_us", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
    )
    op.create_index("step_letters_key", "step_letters", ["key"])
    op.create_table(
        "step_columns",
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("kinds", sa.Text, nullable=False),
        sa.Column("documents", sa.Integer, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
    )
