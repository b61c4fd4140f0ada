"""The vault: keys, values, what they are tied to, and who saw them; how often a cached answer was wrong."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "vault_masters",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
        sa.Column("retired_at_us", sa.BigInteger),
    )
    op.create_table(
        "vault_keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("master", sa.Text, nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
        sa.Column("expires_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("vault_keys_scope", "vault_keys", ["scope"])
    op.create_index("vault_keys_expires", "vault_keys", ["expires_at_us"])
    op.create_table(
        "vault_values",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("token", sa.Text, primary_key=True),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("vault_values_token", "vault_values", ["token"])
    op.create_index("vault_values_key", "vault_values", ["key_id"])
    op.create_table(
        "vault_ties",
        sa.Column("tie", sa.Text, primary_key=True),
        sa.Column("scope", sa.Text, primary_key=True),
    )
    op.create_index("vault_ties_scope", "vault_ties", ["scope"])
    op.create_table(
        "vault_audit",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("trace", sa.Text),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("tokens", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("vault_audit_at", "vault_audit", ["at_us"])
    op.create_table(
        "cache_series",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("started_at_us", sa.BigInteger, nullable=False),
        sa.Column("checks", sa.Integer, nullable=False),
        sa.Column("false_hits", sa.Integer, nullable=False),
        sa.Column("off_at_us", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
    )
