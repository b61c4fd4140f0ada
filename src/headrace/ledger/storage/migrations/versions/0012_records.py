"""Validated outputs with their envelopes, and the documents they were derived from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two tables."""
    op.create_table(
        "records",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("schema", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("schema_digest", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("prompt", sa.Text),
        sa.Column("rendered", sa.Text, nullable=False),
        sa.Column("generation", sa.Text),
        sa.Column("release", sa.Text),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("span_id", sa.Text, nullable=False),
        sa.Column("event_time_us", sa.BigInteger, nullable=False),
        sa.Column("known_at_us", sa.BigInteger, nullable=False),
        sa.Column("repair", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("rewritten_version", sa.Integer),
        sa.Column("rewritten_chain", sa.Text),
        sa.Column("rewritten", sa.LargeBinary),
        sa.Column("erased_at_us", sa.BigInteger),
    )
    op.create_index("records_call", "records", ["trace_id", "span_id"], unique=True)
    op.create_index("records_schema", "records", ["schema", "id"])
    op.create_index("records_known", "records", ["known_at_us"])
    op.create_index("records_subject", "records", ["subject"])
    op.create_table(
        "record_documents",
        sa.Column("record", sa.Text, primary_key=True),
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("chunk_id", sa.Text, primary_key=True),
        sa.Column("revision", sa.Text, nullable=False),
    )
    op.create_index("record_documents_document", "record_documents", ["corpus", "uri"])
