"""How current documents are: their standing, their history, what each listing of a source came to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; the history of each document begins with what the ledger knows of it."""
    _standings()
    _history()
    _freshness()


def _standings() -> None:
    op.create_table(
        "standings",
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("valid_from_us", sa.BigInteger),
        sa.Column("valid_to_us", sa.BigInteger),
        sa.Column("dated_us", sa.BigInteger),
        sa.Column("deprecated", sa.Text),
        sa.Column("replacement", sa.Text),
        sa.Column("stem", sa.Text),
        sa.Column("version", sa.Text),
        sa.Column("title_stem", sa.Text),
        sa.Column("title_version", sa.Text),
        sa.Column("sketch", sa.LargeBinary),
        sa.Column("superseded_by", sa.Text),
        sa.Column("superseded_from_us", sa.BigInteger),
    )
    op.create_index("standings_stem", "standings", ["corpus", "stem"])
    op.create_index("standings_title_stem", "standings", ["corpus", "title_stem"])
    op.create_table(
        "deprecations",
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("replacement", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "standing_changes",
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )


def _history() -> None:
    op.create_table(
        "document_history",
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("at_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("event", sa.Text, primary_key=True),
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("generation", sa.Text, primary_key=True),
        sa.Column("revision", sa.Text),
        sa.Column("listed_at_us", sa.BigInteger),
        sa.Column("run_id", sa.Text),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.execute(
        "INSERT INTO document_history "
        "SELECT d.uri, d.indexed_at_us, 'indexed', g.corpus, d.generation, d.revision, NULL, d.run_id, '{}' "
        "FROM documents d JOIN generations g ON g.id = d.generation"
    )


def _freshness() -> None:
    op.create_table(
        "listings",
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("tried_at_us", sa.BigInteger, nullable=False),
        sa.Column("complete_at_us", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("documents", sa.Integer, nullable=False),
        sa.Column("waiting", sa.Integer, nullable=False),
        sa.Column("waiting_since_us", sa.BigInteger),
    )
    op.create_table(
        "absences",
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("since_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "freshness_days",
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("changes", sa.Integer, nullable=False),
        sa.Column("late", sa.Integer, nullable=False),
        sa.Column("total_lag_us", sa.BigInteger, nullable=False),
        sa.Column("max_lag_us", sa.BigInteger, nullable=False),
    )
