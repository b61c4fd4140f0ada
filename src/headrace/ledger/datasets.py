"""What the ledger keeps of datasets: files, what is staged, versions, commits and exports."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import delete_in, insert_new, slices, to_json, upsert
from headrace.ledger.storage.tables.datasets import (
    dataset_commits,
    dataset_exports,
    dataset_files,
    dataset_staged,
    dataset_versions,
)
from headrace.ledger.storage.tables.datasets import datasets as dataset_table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

LEASE = "datasets"
"""Whoever writes files of datasets holds this lease."""


class File(NamedTuple):
    """A file of rows or of a tree. Its id stays when the file is rewritten without what was forgotten."""

    id: str
    kind: str
    """rows, leaves, tree or staged."""
    blob: str
    state: str
    """pending: being written. live. gone: to be deleted."""
    rows: int
    erased: int
    created_at_us: int


class Dataset(NamedTuple):
    """A dataset as it was made."""

    name: str
    description: str
    salt: str
    splits: Mapping[str, float]
    created_at_us: int
    actor: str


class Staged(NamedTuple):
    """A batch that waits."""

    dataset: str
    seq: int
    file: str
    rows: int
    removals: int
    staged_at_us: int
    actor: str


class Version(NamedTuple):
    """A version."""

    id: str
    tree: str
    rows: int
    profile: Mapping[str, Any]
    created_at_us: int


class Commit(NamedTuple):
    """An entry of a log."""

    dataset: str
    seq: int
    state: str
    version: str | None
    parent: str | None
    message: str
    actor: str
    at_us: int
    rows: int
    added: int
    changed: int
    removed: int
    forced: str | None
    checks: str
    """JSON."""


class Export(NamedTuple):
    """An export that was made."""

    id: str
    dataset: str
    version: str
    at_us: int
    actor: str
    report: str
    """JSON."""


def add_files(tx: Write, files: Sequence[File]) -> None:
    """Name files before they are written, so that none can lie around unknown."""
    insert_new(tx.conn, dataset_files, [file._replace(created_at_us=tx.now_us) for file in files])


def set_state(tx: Write, ids: Iterable[str], state: str) -> None:
    """Files are live, or are to be deleted."""
    table = dataset_files
    for part in slices(sorted(ids)):
        tx.conn.execute(sa.update(table).where(table.c.id.in_(part)).values(state=state))


def rewritten(tx: Write, file: str, *, blob: str, erased: int) -> None:
    """A file has other bytes now."""
    table = dataset_files
    tx.conn.execute(sa.update(table).where(table.c.id == file).values(blob=blob, erased=erased))


def drop_files(tx: Write, ids: Sequence[str]) -> None:
    """Files are deleted."""
    delete_in(tx.conn, dataset_files.c.id, list(ids))


def files(conn: Connection, *states: str) -> list[File]:
    """Every file in one of these states."""
    table = dataset_files
    rows = conn.execute(sa.select(table).where(table.c.state.in_(states)).order_by(table.c.id))
    return [File(*row) for row in rows]


def blob_of(conn: Connection, file: str) -> str | None:
    """Where the bytes of a file are now."""
    table = dataset_files
    found: str | None = conn.execute(sa.select(table.c.blob).where(table.c.id == file)).scalar_one_or_none()
    return found


def put(tx: Write, dataset: Dataset) -> None:
    """Make a dataset, or change its description and splits."""
    made_us = dataset.created_at_us or tx.now_us
    splits = json.dumps(dataset.splits)
    row = (dataset.name, dataset.description, dataset.salt, splits, made_us, dataset.actor)
    upsert(tx.conn, dataset_table, [row])


def get(conn: Connection, name: str) -> Dataset | None:
    """A dataset by its name."""
    row = conn.execute(sa.select(dataset_table).where(dataset_table.c.name == name)).one_or_none()
    return None if row is None else Dataset(*row)._replace(splits=json.loads(row.splits))


def names(conn: Connection) -> list[str]:
    """Every dataset."""
    return list(conn.execute(sa.select(dataset_table.c.name).order_by(dataset_table.c.name)).scalars())


def stage(tx: Write, dataset: str, *, file: str, rows: int, removals: int, actor: str) -> None:
    """Put a batch behind those that wait."""
    table = dataset_staged
    newest = sa.select(sa.func.max(table.c.seq)).where(table.c.dataset == dataset)
    seq = (tx.conn.execute(newest).scalar_one() or 0) + 1
    insert_new(tx.conn, table, [Staged(dataset, seq, file, rows, removals, tx.now_us, actor)])


def staged(conn: Connection, dataset: str) -> list[Staged]:
    """What waits, oldest first."""
    table = dataset_staged
    rows = conn.execute(sa.select(table).where(table.c.dataset == dataset).order_by(table.c.seq))
    return [Staged(*row) for row in rows]


def staged_files(conn: Connection) -> set[str]:
    """Files of all that waits."""
    return set(conn.execute(sa.select(dataset_staged.c.file)).scalars())


def fewer_staged(tx: Write, file: str, count: int) -> None:
    """A batch that waits has lost rows."""
    table = dataset_staged
    left = sa.case((table.c.rows >= count, table.c.rows - count), else_=0)
    tx.conn.execute(sa.update(table).where(table.c.file == file).values(rows=left))


def unstage(tx: Write, dataset: str, up_to: int) -> list[str]:
    """Take out what waits up to a batch; returns its files."""
    table = dataset_staged
    wanted = sa.and_(table.c.dataset == dataset, table.c.seq <= up_to)
    found = list(tx.conn.execute(sa.select(table.c.file).where(wanted)).scalars())
    tx.conn.execute(sa.delete(table).where(wanted))
    return found


def put_version(tx: Write, version: Version) -> bool:
    """Keep a version; False where it is there already."""
    if get_version(tx.conn, version.id) is not None:
        return False
    row = version._replace(profile=to_json(version.profile), created_at_us=tx.now_us)  # type: ignore[arg-type]  # as a column
    insert_new(tx.conn, dataset_versions, [row])
    return True


def get_version(conn: Connection, version: str) -> Version | None:
    """A version by its id."""
    table = dataset_versions
    row = conn.execute(sa.select(table).where(table.c.id == version)).one_or_none()
    return None if row is None else Version(*row)._replace(profile=json.loads(row.profile))


def versions(conn: Connection) -> list[Version]:
    """Every version, oldest first."""
    table = dataset_versions
    rows = conn.execute(sa.select(table).order_by(table.c.created_at_us))
    return [Version(*row)._replace(profile=json.loads(row.profile)) for row in rows]


def set_profile(tx: Write, version: str, profile: Mapping[str, Any]) -> None:
    """A version has fewer bodies."""
    table = dataset_versions
    tx.conn.execute(sa.update(table).where(table.c.id == version).values(profile=to_json(profile)))


def log(tx: Write, commit: Commit) -> Commit:
    """Append to the log; `seq` and time are given here."""
    table = dataset_commits
    newest = sa.select(sa.func.max(table.c.seq)).where(table.c.dataset == commit.dataset)
    seq = (tx.conn.execute(newest).scalar_one() or 0) + 1
    done = commit._replace(seq=seq, at_us=tx.now_us)
    insert_new(tx.conn, table, [done])
    return done


def commits(conn: Connection, dataset: str | None = None, *, limit: int | None = None) -> list[Commit]:
    """Entries of a log, or of all of them, newest first."""
    table = dataset_commits
    wanted = sa.true() if dataset is None else table.c.dataset == dataset
    statement = sa.select(table).where(wanted).order_by(table.c.at_us.desc(), table.c.seq.desc())
    return [Commit(*row) for row in conn.execute(statement if limit is None else statement.limit(limit))]


def of_version(conn: Connection, version: str) -> list[str]:
    """Datasets that a version was committed to."""
    table = dataset_commits
    found = conn.execute(sa.select(table.c.dataset).where(table.c.version == version).distinct()).scalars()
    return sorted(found)


def set_checks(tx: Write, commit: Commit, checks: str) -> None:
    """What gates said, without what was forgotten."""
    table = dataset_commits
    where = sa.and_(table.c.dataset == commit.dataset, table.c.seq == commit.seq)
    tx.conn.execute(sa.update(table).where(where).values(checks=checks))


def add_export(tx: Write, export: Export) -> None:
    """Record an export."""
    insert_new(tx.conn, dataset_exports, [export._replace(at_us=export.at_us or tx.now_us)])


def exports(conn: Connection, *, versions: Sequence[str] | None = None) -> list[Export]:
    """Exports, newest first: all, or those of these versions."""
    table = dataset_exports
    statement = sa.select(table).order_by(table.c.at_us.desc())
    found = [Export(*row) for row in conn.execute(statement)]
    return found if versions is None else [item for item in found if item.version in set(versions)]


def replace_tree(tx: Write, version: Version) -> None:
    """A version whose bodies are given again."""
    table = dataset_versions
    values = {"tree": version.tree, "profile": to_json(version.profile)}
    tx.conn.execute(sa.update(table).where(table.c.id == version.id).values(values))
