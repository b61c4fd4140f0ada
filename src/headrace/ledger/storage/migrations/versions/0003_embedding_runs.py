"""What embedding runs leave behind: dead letters, sentinel vectors and checks, probes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the four tables, empty."""
    _dead_letters()
    _sentinels()
    _probes()


def _dead_letters() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("text_hash", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("chunk_id", sa.Text, nullable=False),
        sa.Column("error_type", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("first_at_us", sa.BigInteger, nullable=False),
        sa.Column("last_at_us", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
    )


def _sentinels() -> None:
    op.create_table(
        "sentinels",
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("text_hash", sa.Text, primary_key=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("recorded_at_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sentinel_checks",
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("embedder", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("lowest_cosine", sa.Float),
        sa.Column("models", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("checked_at_us", sa.BigInteger, nullable=False),
    )


def _probes() -> None:
    op.create_table(
        "probes",
        sa.Column("generation", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("corpus", sa.Text, nullable=False),
        sa.Column("titles", sa.Integer, nullable=False),
        sa.Column("titles_found", sa.Integer, nullable=False),
        sa.Column("sentences", sa.Integer, nullable=False),
        sa.Column("sentences_found", sa.Integer, nullable=False),
        sa.Column("documents", sa.Integer, nullable=False),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.Column("floor", sa.Float, nullable=False),
        sa.Column("probed_at_us", sa.BigInteger, nullable=False),
    )
