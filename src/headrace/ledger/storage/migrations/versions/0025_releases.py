"""Releases made on purpose, their evidence, the moves of pointers, and turns of the loop."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is known of releases beside what they pin."""
    op.create_table(
        "release_makings",
        sa.Column("release", sa.Text, primary_key=True),
        sa.Column("made_at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_table(
        "release_evidence",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("suite", sa.Text, nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("release_evidence_release", "release_evidence", ["release", "at_us"])
    op.create_table(
        "release_moves",
        sa.Column("environment", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("former", sa.Text),
        sa.Column("forced", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
    )
    _add_loop()


def _add_loop() -> None:
    op.create_table(
        "loop_turns",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started_at_us", sa.BigInteger, nullable=False),
        sa.Column("finished_at_us", sa.BigInteger),
        sa.Column("actor", sa.Text, nullable=False),
    )
    op.create_index("loop_turns_environment", "loop_turns", ["environment", "number"], unique=True)
    op.create_table(
        "loop_steps",
        sa.Column("turn", sa.Text, primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("inputs", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
        sa.Column("finished_at_us", sa.BigInteger, nullable=False),
    )
