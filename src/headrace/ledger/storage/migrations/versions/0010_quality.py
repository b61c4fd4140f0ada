"""What is kept of the quality of a document, and what documents are compared by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add five columns to the documents."""
    op.add_column("documents", sa.Column("quality", sa.Text, nullable=False, server_default="{}"))
    op.add_column("documents", sa.Column("phrases", sa.LargeBinary))
    op.add_column("documents", sa.Column("links", sa.LargeBinary))
    op.add_column("documents", sa.Column("copied", sa.Float))
    op.add_column("documents", sa.Column("in_links", sa.Integer))
