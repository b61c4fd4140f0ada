"""Under which metadata schema a document stands, what did not fit it, and labels that left rows behind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns to the documents, and the table of moved labels."""
    op.add_column("documents", sa.Column("metadata_schema", sa.Text, nullable=False, server_default=""))
    op.add_column("documents", sa.Column("misfits", sa.Text, nullable=False, server_default="{}"))
    op.create_index("documents_acl", "documents", ["generation", "acl_id"])
    op.create_table(
        "acl_moves",
        sa.Column("generation", sa.Text, primary_key=True),
        sa.Column("row_acl_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("acl_id", sa.Integer, primary_key=True, autoincrement=False),
    )
