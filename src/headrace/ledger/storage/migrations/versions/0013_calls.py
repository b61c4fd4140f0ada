"""Calls that never became valid, and the keys under which calls were made once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the dead letters of calls, and idempotency keys."""
    op.create_table(
        "call_letters",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("span_id", sa.Text, nullable=False),
        sa.Column("prompt", sa.Text),
        sa.Column("schema", sa.Text),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("settled_at_us", sa.BigInteger),
        sa.Column("settled_by", sa.Text),
        sa.Column("settled_trace", sa.Text),
        sa.Column("body", sa.LargeBinary),
    )
    op.create_index("call_letters_state", "call_letters", ["state", "at_us"])
    op.create_table(
        "call_keys",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.LargeBinary),
    )
    op.create_index("call_keys_until", "call_keys", ["until_us"])
