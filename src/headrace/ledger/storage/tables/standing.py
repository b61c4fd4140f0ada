"""Who may see documents, and how they stand."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from headrace.ledger.storage.tables.base import metadata

acls = Table(
    "acls",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Index("acls_key", "key", unique=True),
)

acl_labels = Table(
    "acl_labels",
    metadata,
    Column("label", Text, primary_key=True),
    Column("acl_id", Integer, primary_key=True, autoincrement=False),
    Index("acl_labels_acl", "acl_id"),
)

acl_moves = Table(
    "acl_moves",
    metadata,
    Column("generation", Text, primary_key=True),
    Column("row_acl_id", Integer, primary_key=True, autoincrement=False),
    Column("acl_id", Integer, primary_key=True, autoincrement=False),
)

standings = Table(
    "standings",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("valid_from_us", BigInteger),
    Column("valid_to_us", BigInteger),
    Column("dated_us", BigInteger),
    Column("deprecated", Text),
    Column("replacement", Text),
    Column("stem", Text),
    Column("version", Text),
    Column("title_stem", Text),
    Column("title_version", Text),
    Column("sketch", LargeBinary),
    Column("superseded_by", Text),
    Column("superseded_from_us", BigInteger),
    Index("standings_stem", "corpus", "stem"),
    Index("standings_title_stem", "corpus", "title_stem"),
)

standing_changes = Table(
    "standing_changes",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

deprecations = Table(
    "deprecations",
    metadata,
    Column("corpus", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("replacement", Text),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)
