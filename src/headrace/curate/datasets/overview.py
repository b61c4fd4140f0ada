"""Make datasets, look at them, name their versions and go back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from headrace.curate.datasets import columns, profile, splits, staging, versions
from headrace.curate.datasets.gates.quality import synthetic_share
from headrace.curate.datasets.identity import row_name
from headrace.curate.datasets.packs import Pack
from headrace.curate.datasets.parts import DatasetParts
from headrace.curate.datasets.tree import TreeReader, root
from headrace.curate.datasets.values import to_json
from headrace.errors import NotFoundError, UsageError
from headrace.ledger import datasets as book
from headrace.ledger import refs
from headrace.ledger.datasets import Commit, Dataset
from headrace.records.datasets import (
    CommitEntry,
    CommitReport,
    DatasetCheck,
    DatasetList,
    DatasetLog,
    DatasetProfile,
    DatasetReport,
    DatasetRow,
    DatasetView,
    TagReport,
)
from headrace.records.times import rfc3339

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

_RESTORED = "restored"


def create(
    parts: DatasetParts,
    name: str,
    *,
    description: str = "",
    shares: Mapping[str, float] | None = None,
    salt: str | None = None,
) -> DatasetReport:
    """Make an empty dataset. Raises UsageError where there is one of the name."""
    staging.check_name(name)
    made = Dataset(
        name=name,
        description=description,
        salt=name if salt is None else salt,
        splits=splits.checked(shares) if shares else {},
        created_at_us=0,
        actor=parts.actor,
    )

    def work(tx: Write) -> None:
        if book.get(tx.conn, name) is not None:
            raise UsageError(
                f"There is a dataset {name!r} already.",
                hint=f"headrace dataset show {name}; or take another name.",
            )
        book.put(tx, made)

    parts.ledger.write(work)
    return report(parts, name)


def report(parts: DatasetParts, name: str) -> DatasetReport:
    """One dataset. Raises NotFoundError."""
    staging.require(parts, name)
    with parts.ledger.read() as conn:
        return _report(conn, name)


def list_datasets(parts: DatasetParts) -> DatasetList:
    """Every dataset."""
    with parts.ledger.read() as conn:
        return DatasetList(datasets=tuple(_report(conn, name) for name in book.names(conn)))


def _report(conn: Connection, name: str) -> DatasetReport:
    dataset, head = book.get(conn, name), versions.head(conn, name)
    assert dataset is not None
    pointer = refs.read(conn, versions.head_name(name))
    return DatasetReport(
        dataset=name,
        description=dataset.description,
        version=head.id if head else None,
        rows=head.rows if head else 0,
        committed_at=rfc3339(pointer.valid_from_us) if pointer else None,
        staged=sum(item.rows + item.removals for item in book.staged(conn, name)),
        schema={column: tuple(kinds) for column, kinds in profile.schema_of(dict(head.profile)).items()}
        if head
        else {},
        splits=dataset.splits,
        tags=versions.tags(conn, name),
    )


def show(
    parts: DatasetParts, name: str, *, version: str | None = None, limit: int = 5, key: str | None = None
) -> DatasetView:
    """A version with some of its rows by key, or with one row. Raises NotFoundError, UsageError."""
    found = versions.find(parts, name, version)
    dataset = staging.require(parts, name)
    reader = TreeReader(parts.files)
    leaves = versions.leaves_of(reader, found)
    if key is not None:
        pack = versions.one(parts, found, key)
        if pack is None:
            raise NotFoundError("row", key, hint=f"headrace dataset where {key}")
    else:
        few, count = [], 0
        for leaf in leaves:
            if count >= limit:
                break
            few.append(leaf)
            count += leaf.rows - leaf.erased
        entries = reader.entries(few, erased=False)
        pack = versions.bodies(parts.files, reader.names, entries.cut(0, min(limit, len(entries))))
    kinds = profile.schema_of(dict(found.profile))
    return DatasetView(
        dataset=name,
        version=found.id,
        rows=found.rows,
        erased=sum(leaf.erased for leaf in leaves),
        schema={column: tuple(told) for column, told in kinds.items()},
        splits=dataset.splits,
        producers=tuple(sorted(found.profile["producers"])),
        root=root(leaf.digest for leaf in leaves).hex(),
        sample=tuple(rows_of(pack, dataset)),
    )


def rows_of(pack: Pack, dataset: Dataset) -> list[DatasetRow]:
    """Rows as people see them."""
    names = splits.splits_of(pack.rows, salt=dataset.salt, shares=dataset.splits)
    return [
        DatasetRow(
            key=row.key,
            row=None if raw is None else row_name(raw),
            fields=to_json(dict(row.fields)),
            provenance=row.provenance,
            subject=row.subject,
            group=row.group,
            depth=row.depth,
            split=split,
            erased=raw is None,
        )
        for row, raw, split in zip(columns.to_inputs(pack.rows), pack.ids.to_pylist(), names, strict=True)
    ]


def log(parts: DatasetParts, name: str, *, limit: int = 20) -> DatasetLog:
    """Commits and refused attempts, newest first. Raises NotFoundError."""
    staging.require(parts, name)
    with parts.ledger.read() as conn:
        entries = book.commits(conn, name, limit=limit)
    return DatasetLog(dataset=name, entries=tuple(_entry(entry) for entry in entries))


def _entry(commit: Commit) -> CommitEntry:
    told = [DatasetCheck(**{**check, "keys": tuple(check["keys"])}) for check in json.loads(commit.checks)]
    return CommitEntry(
        seq=commit.seq,
        state=commit.state,  # type: ignore[arg-type]  # written by us
        version=commit.version,
        parent=commit.parent,
        message=commit.message,
        actor=commit.actor,
        at=rfc3339(commit.at_us),
        rows=commit.rows,
        added=commit.added,
        changed=commit.changed,
        removed=commit.removed,
        forced=commit.forced,
        checks=tuple(told),
    )


def restore(parts: DatasetParts, name: str, version: str, *, message: str = "") -> CommitReport:
    """Make an older version the newest again; what is staged stays staged. Raises NotFoundError."""
    found = versions.find(parts, name, version)

    def work(tx: Write) -> CommitReport:
        head = versions.head(tx.conn, name)
        parent = head.id if head else None
        told = message or f"{_RESTORED} {version}"
        if parent == found.id:
            return CommitReport(
                dataset=name, state="nothing", version=found.id, parent=parent, rows=found.rows, message=told
            )
        refs.move(
            tx, versions.head_name(name), found.id, expect=parent, actor=parts.actor, reason=told, anew=True
        )
        book.log(
            tx,
            Commit(
                dataset=name, seq=0, state="committed", version=found.id, parent=parent, message=told,
                actor=parts.actor, at_us=0, rows=found.rows, added=0, changed=0, removed=0, forced=None,
                checks="[]",
            ),
        )  # fmt: skip
        return CommitReport(
            dataset=name, state="committed", version=found.id, parent=parent, rows=found.rows, message=told
        )

    return parts.ledger.write(work)


def tag(
    parts: DatasetParts, name: str, label: str, *, version: str | None = None, reason: str = ""
) -> TagReport:
    """Point a tag to a version, the newest without one. Raises NotFoundError, UsageError."""
    staging.check_name(label)
    if label.isdecimal() or label == "newest" or label.startswith(f"{versions.KIND}_"):
        raise UsageError(
            f"{label!r} cannot be a tag.", hint="Numbers, `newest` and ids name versions already."
        )
    found = versions.find(parts, name, version)
    ref = versions.tag_name(name, label)
    parts.ledger.write(lambda tx: refs.move(tx, ref, found.id, actor=parts.actor, reason=reason or "tagged"))
    with parts.ledger.read() as conn:
        steps = refs.history(conn, ref)
    history = tuple((step.artifact, rfc3339(step.valid_from_us), step.actor) for step in steps)
    return TagReport(dataset=name, tag=label, version=found.id, history=history)


def profile_of(parts: DatasetParts, name: str, *, version: str | None = None) -> DatasetProfile:
    """What a version is like, from counts that are kept with it. Raises NotFoundError, UsageError."""
    found = versions.find(parts, name, version)
    dataset = staging.require(parts, name)
    counted = found.profile
    pack, _ = versions.all_rows(parts, found) if dataset.splits else (None, 0)
    falls = splits.splits_of(pack.rows, salt=dataset.salt, shares=dataset.splits) if pack else []
    return DatasetProfile(
        dataset=name,
        version=found.id,
        rows=counted["rows"],
        depths=counted["depths"],
        synthetic=round(synthetic_share(counted), 4),
        subjects=counted["subjects"],
        splits=dict(Counter(split for split in falls if split)),
        columns=tuple(profile.column_report(column, told) for column, told in counted["columns"].items()),
    )
