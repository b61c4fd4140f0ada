"""Everything that the first version keeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and the row that holds the clock."""
    _time_and_things()
    _generations()
    _documents()
    _work()
    _access()
    op.execute("INSERT INTO meta (id, last_us) VALUES (1, 0)")


def _time_and_things() -> None:
    op.create_table(
        "meta",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "artifacts",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "refs",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("artifact", sa.Text, nullable=False),
        sa.Column("valid_from_us", sa.BigInteger, nullable=False),
        sa.Column("recorded_at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("refs_at", "refs", ["name", "valid_from_us", "seq"])
    op.create_table(
        "edges",
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("activity", sa.Text, primary_key=True),
        sa.Column("attributes", sa.Text, nullable=False),
        sa.Column("recorded_at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("edges_source", "edges", ["source"])


def _generations() -> None:
    op.create_table(
        "generations",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("corpus", sa.Text, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("recipe", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("created_at_us", sa.BigInteger, nullable=False),
        sa.Column("changed_at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("generations_corpus", "generations", ["corpus", "ordinal"], unique=True)
    op.create_table(
        "snapshots",
        sa.Column("generation", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("published_at_us", sa.BigInteger, nullable=False),
        sa.Column("documents", sa.Integer, nullable=False),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text),
    )


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("generation", sa.Text, primary_key=True),
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("revision", sa.Text, nullable=False),
        sa.Column("input_digest", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("chunk_count", sa.Integer, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("acl_id", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("modified_at_us", sa.BigInteger),
        sa.Column("indexed_at_us", sa.BigInteger, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("moved_from", sa.Text),
    )
    op.create_index("documents_revision", "documents", ["generation", "revision"])
    op.create_table(
        "observations",
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("stamp", sa.Text, nullable=False),
        sa.Column("revision", sa.Text, nullable=False),
        sa.Column("verified_at_us", sa.BigInteger, nullable=False),
    )


def _work() -> None:
    op.create_table(
        "failures",
        sa.Column("corpus", sa.Text, primary_key=True),
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("stamp", sa.Text, nullable=False),
        sa.Column("first_at_us", sa.BigInteger, nullable=False),
        sa.Column("last_at_us", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("corpus", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started_at_us", sa.BigInteger, nullable=False),
        sa.Column("finished_at_us", sa.BigInteger),
        sa.Column("progress", sa.Text, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
    )
    op.create_index("runs_corpus", "runs", ["corpus", "started_at_us"])
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("holder", sa.Text),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
    )


def _access() -> None:
    op.create_table(
        "acls",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text, nullable=False),
    )
    op.create_index("acls_key", "acls", ["key"], unique=True)
    op.create_table(
        "acl_labels",
        sa.Column("label", sa.Text, primary_key=True),
        sa.Column("acl_id", sa.Integer, primary_key=True, autoincrement=False),
    )
    op.create_index("acl_labels_acl", "acl_labels", ["acl_id"])
