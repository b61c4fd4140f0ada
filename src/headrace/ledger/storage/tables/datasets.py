"""Datasets, their versions and files, what waits to be committed, exports and models."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from headrace.ledger.storage.tables.base import metadata

datasets = Table(
    "datasets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("description", Text, nullable=False),
    Column("salt", Text, nullable=False),
    Column("splits", Text, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
)

dataset_files = Table(
    "dataset_files",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("blob", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("erased", Integer, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Index("dataset_files_state", "state"),
)

dataset_staged = Table(
    "dataset_staged",
    metadata,
    Column("dataset", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("file", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("removals", Integer, nullable=False),
    Column("staged_at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
)

dataset_versions = Table(
    "dataset_versions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tree", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("profile", Text, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
)

dataset_commits = Table(
    "dataset_commits",
    metadata,
    Column("dataset", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("version", Text),
    Column("parent", Text),
    Column("message", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("forced", Text),
    Column("checks", Text, nullable=False),
)

dataset_exports = Table(
    "dataset_exports",
    metadata,
    Column("id", Text, primary_key=True),
    Column("dataset", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("report", Text, nullable=False),
    Index("dataset_exports_version", "version"),
)

models = Table(
    "models",
    metadata,
    Column("name", Text, primary_key=True),
    Column("artifact", Text, nullable=False),
    Column("parent", Text),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("body", Text, nullable=False),
)

model_data = Table(
    "model_data",
    metadata,
    Column("model", Text, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("export", Text),
    Index("model_data_version", "version"),
)
