"""Commits: what is staged becomes a version, once gates have looked at it.

Files are named in the ledger, written and synced first; one transaction, which checks the lease, then makes
them count, keeps the version, moves the pointer and takes out what was staged. A kill anywhere leaves the
old version and everything staged, or the new one; files of a dead writer are deleted by the next.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.curate.datasets import packs, profile, staging, tree, versions
from headrace.curate.datasets.columns import Rows
from headrace.curate.datasets.entries import Entries, FileNames, hash_rows
from headrace.curate.datasets.files import NewFile, new_id
from headrace.curate.datasets.gates import running
from headrace.curate.datasets.gates.base import Incoming
from headrace.curate.datasets.gates.duplicates import beginnings
from headrace.curate.datasets.identity import entries as entries_of
from headrace.curate.datasets.packs import Pack
from headrace.curate.datasets.parts import DatasetParts
from headrace.curate.datasets.tree import ADDED, CHANGED, REMOVED, SAME, Changes, Leaf, Merged, TreeReader
from headrace.errors import UsageError
from headrace.ledger import artifacts, leases, lineage, refs
from headrace.ledger import datasets as book
from headrace.ledger.datasets import Commit, Dataset, File, Version
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.identity import digest
from headrace.ledger.lineage import Edge
from headrace.records.datasets import CommitReport, DatasetCheck

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headrace.ledger.leases import Lease
    from headrace.ledger.storage.writer import Write

_IN_TRANSACTION = declare("dataset.in_commit_transaction")
_COMMITTED = declare("dataset.committed")
_NEW = "(new)"
_MOST_SOURCES = 10_000


class Planned(NamedTuple):
    """A commit before it is written."""

    dataset: Dataset
    parent: Version | None
    staged: Pack
    """By key."""
    up_to: int | None
    merged: Merged
    names: FileNames
    incoming: Incoming


def commit(
    parts: DatasetParts, name: str, *, message: str = "", force: bool = False, reason: str = ""
) -> CommitReport:
    """Make what is staged a version, or say which gates refuse it.

    Raises NotFoundError, UsageError, and StorageError where someone else committed meanwhile.
    """
    started = time.monotonic()
    if force and not reason.strip():
        raise UsageError("Passing over a gate needs a reason.", hint="--force --reason TEXT")
    staging.require(parts, name)
    with leases.held(parts.ledger, book.LEASE, wait_seconds=staging.WAIT_SECONDS) as lease:
        parts.files.sweep()
        planned = plan(parts, name)
        checks = running.run(planned.incoming)
        report = report_of(planned, message, checks)
        if running.refused(checks) and not force:
            entry = _entry(parts, report, state="refused", forced=None)
            parts.ledger.write(lambda tx: book.log(tx, entry))
            return dataclasses.replace(report, state="refused", seconds=_since(started))
        report = dataclasses.replace(report, forced=reason if running.refused(checks) else None)
        done = _write(parts, lease, planned, report)
    fire(_COMMITTED)
    return dataclasses.replace(done, seconds=_since(started))


def plan(parts: DatasetParts, name: str) -> Planned:
    """What a commit would do now."""
    import numpy as np
    import pyarrow as pa

    waiting = staging.read(parts, name)
    with parts.ledger.read() as conn:
        dataset, parent = book.get(conn, name), versions.head(conn, name)
        held_out = list(parts.held_out(conn))
    assert dataset is not None
    reader = TreeReader(parts.files)
    leaves = versions.leaves_of(reader, parent)
    staged = waiting.pack if waiting else versions.bodies(parts.files, reader.names, tree.no_entries())
    size = len(staged.rows)
    new = Entries(
        keys=staged.rows.keys,
        hashes=hash_rows(entries_of(staged.rows.keys, staged.ids)),
        files=np.full(size, reader.names.number(_NEW), dtype=np.int32),
        places=np.arange(size, dtype=np.int32),
    )
    merged = tree.merge(reader, leaves, Changes(new, staged.remove.to_numpy(zero_copy_only=False)))
    _check_subjects(parts, reader, leaves, staged, merged.status == SAME)
    come = np.flatnonzero((merged.status == ADDED) | (merged.status == CHANGED))
    rows = staged.rows if len(come) == size else staged.rows.take(pa.array(come))
    gone = versions.bodies(parts.files, reader.names, merged.before).rows
    was_changed = merged.status[(merged.status == REMOVED) | (merged.status == CHANGED)] == CHANGED
    here = profile.of(rows)
    old = profile.nothing() if parent is None else dict(parent.profile)
    incoming = Incoming(
        rows=rows,
        ids=staged.ids if len(come) == size else staged.ids.take(pa.array(come)),
        added=merged.status[come] == ADDED,
        before=gone.take(pa.array(np.flatnonzero(was_changed))),
        parent=old,
        profile=here,
        after=profile.combined(profile.combined(old, profile.of(gone), sign=-1), here),
        held_out=held_out,
        parent_ids=lambda starts: _standing(parts, reader, leaves, merged, starts),
        gates=parts.config(name).gates,
        now_us=time.time_ns() // 1000,
    )
    return Planned(
        dataset, parent, staged, waiting.up_to if waiting else None, merged, reader.names, incoming
    )


def identity_of(body_root: bytes, rows: int, dataset: Dataset, counted: profile.Profile) -> dict[str, Any]:
    """What a version's id is the hash of."""
    splits = {"salt": dataset.salt, "shares": [[k, v] for k, v in dataset.splits.items()]}
    return {
        "rows": body_root,
        "count": rows,
        "schema": profile.schema_of(counted),
        "splits": splits if dataset.splits else None,
        "producers": sorted(counted["producers"]),
    }


def _write(parts: DatasetParts, lease: Lease, planned: Planned, report: CommitReport) -> CommitReport:
    row_files, located = _row_files(planned)
    leaves, leaf_files = tree.write(planned.names, located)
    body = identity_of(
        tree.root(leaf.digest for leaf in leaves), report.rows, planned.dataset, planned.incoming.after
    )
    tree_bytes = NewFile("tree", tree.tree_file(leaves), len(leaves), new_id())
    if planned.parent is not None and digest(versions.KIND, body) == planned.parent.id:
        if planned.up_to is not None:
            parts.ledger.write(lambda tx: _unstage(tx, planned))
            parts.files.sweep()
        return dataclasses.replace(report, state="nothing", version=planned.parent.id)
    written = parts.files.write([*row_files, *leaf_files, tree_bytes])
    version = parts.ledger.write(
        lambda tx: _publish(tx, parts, lease, planned, report, body=body, files=written)
    )
    parts.files.sweep()
    return dataclasses.replace(report, version=version)


def _publish(
    tx: Write,
    parts: DatasetParts,
    lease: Lease,
    planned: Planned,
    report: CommitReport,
    *,
    body: dict[str, Any],
    files: Sequence[File],
) -> str:
    leases.check(tx, lease)
    parent = None if planned.parent is None else planned.parent.id
    version = artifacts.put(tx, versions.KIND, body)
    made = Version(version, files[-1].id, report.rows, planned.incoming.after, 0)
    known = book.get_version(tx.conn, version)
    if known is None:
        book.put_version(tx, made)
    elif known.profile["rows"] != known.rows:  # bodies of it were forgotten, and are given again
        book.replace_tree(tx, made)
    fresh = known is None or known.profile["rows"] != known.rows
    book.set_state(tx, [file.id for file in files], "live" if fresh else "gone")
    _unstage(tx, planned)
    ref = versions.head_name(planned.dataset.name)
    refs.move(
        tx, ref, version, expect=parent, actor=parts.actor, reason=report.message or "commit", anew=True
    )
    edges = [
        Edge(source=source, target=version, activity="row_of") for source in _sources(planned.incoming.rows)
    ]
    if parent is not None:
        edges.append(Edge(source=parent, target=version, activity="revised"))
    lineage.link(tx, edges)
    entry = _entry(
        parts, dataclasses.replace(report, version=version), state="committed", forced=report.forced
    )
    book.log(tx, entry)
    fire(_IN_TRANSACTION)
    return version


def _sources(rows: Rows) -> list[str]:
    """Traces and documents that rows came from, for lineage; of very many, the first."""
    import pyarrow.compute as pc

    found: dict[str, None] = {}
    for text in pc.unique(rows.provenance).slice(0, _MOST_SOURCES).to_pylist():
        told = json.loads(text or "{}")
        for name in ("trace", "source"):
            if isinstance(told.get(name), str) and len(found) < _MOST_SOURCES:
                found[told[name]] = None
    return list(found)


def _unstage(tx: Write, planned: Planned) -> None:
    if planned.up_to is not None:
        book.set_state(tx, book.unstage(tx, planned.dataset.name, planned.up_to), "gone")


def _row_files(planned: Planned) -> tuple[list[NewFile], list[Leaf | Entries]]:
    """Files of the incoming rows, and the entries with the places of their rows in them."""
    import numpy as np
    import pyarrow as pa

    status, rows = planned.merged.status, planned.incoming.rows
    come = np.flatnonzero((status == ADDED) | (status == CHANGED))
    number = np.zeros(len(status), dtype=np.int32)
    place = np.zeros(len(status), dtype=np.int32)
    files = []
    for start in range(0, len(rows), packs.FILE_ROWS):
        end = min(start + packs.FILE_ROWS, len(rows))
        at = pa.array(np.arange(start, end))
        some = rows if end - start == len(rows) else rows.take(at)
        pack = Pack(
            some, planned.incoming.ids.slice(start, end - start), pa.repeat(pa.scalar(False), end - start)
        )
        files.append(NewFile("rows", packs.write(pack), end - start, new_id()))
        number[come[start:end]] = planned.names.number(files[-1].id)
        place[come[start:end]] = np.arange(end - start)
    new = planned.names.number(_NEW)

    def located(part: Leaf | Entries) -> Leaf | Entries:
        if isinstance(part, Leaf):
            return part
        mine = part.files == new
        where = np.where(mine, part.places, 0)
        return dataclasses.replace(
            part,
            files=np.where(mine, number[where] if len(number) else 0, part.files).astype(np.int32),
            places=np.where(mine, place[where] if len(place) else 0, part.places).astype(np.int32),
        )

    return files, [located(part) for part in planned.merged.parts]


def _standing(
    parts: DatasetParts,
    reader: TreeReader,
    leaves: Sequence[Leaf],
    merged: Merged,
    starts: NDArray[np.uint64],
) -> set[int]:
    """Which beginnings of contents stand in rows of the parent that stay as they are."""
    import numpy as np

    if not leaves:
        return set()
    found: dict[str, tuple[NDArray[np.int64], NDArray[np.uint64]]] = {}
    with parts.ledger.read() as conn:
        live = {file.id for file in book.files(conn, "live") if file.kind == "rows"}
    for file in sorted(live):
        theirs = beginnings(packs.read_ids(parts.files.open(file)).fill_null(bytes(32)))
        at = np.flatnonzero(np.isin(theirs, starts))
        if len(at):
            found[file] = (at, theirs[at])
    if not found:
        return set()
    entries = [part for part in merged.parts if isinstance(part, Entries)]
    kept = reader.entries([part for part in merged.parts if isinstance(part, Leaf)], erased=False)
    standing: set[int] = set()
    for file, (at, theirs) in found.items():
        number = reader.names.number(file)
        for some in (kept, *entries):
            inside = np.isin(at, some.places[some.files == number])
            standing |= set(theirs[inside].tolist())
    return standing


def _check_subjects(
    parts: DatasetParts, reader: TreeReader, leaves: Sequence[Leaf], staged: Pack, same: NDArray[np.bool_]
) -> None:
    """A row that is there already cannot become another user's in silence."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    named = same & staged.rows.subjects.is_valid().to_numpy(zero_copy_only=False)
    if not named.any():
        return
    mine = staged.rows.take(pa.array(np.flatnonzero(named)))
    entries = reader.entries(leaves, erased=False)
    at = pc.index_in(mine.keys, value_set=entries.keys)
    stored = versions.bodies(parts.files, reader.names, entries.take(at.to_numpy())).rows
    other = pc.invert(pc.fill_null(pc.equal(mine.subjects, stored.subjects), False))
    if pc.any(other).as_py():
        key = mine.keys.filter(other)[0].as_py()
        raise UsageError(
            f"The row {key!r} is there with the same content under another user, or under none.",
            hint="Remove it and commit, then add it again; or give it another key.",
        )


def report_of(planned: Planned, message: str, checks: tuple[DatasetCheck, ...]) -> CommitReport:
    """What a commit would report."""
    status, merged = planned.merged.status, planned.merged
    rows = sum(part.rows if isinstance(part, Leaf) else len(part) for part in merged.parts)
    return CommitReport(
        dataset=planned.dataset.name,
        state="committed",
        version=None if planned.parent is None else planned.parent.id,
        parent=None if planned.parent is None else planned.parent.id,
        rows=rows,
        added=int((status == ADDED).sum()),
        changed=int((status == CHANGED).sum()),
        removed=int((status == REMOVED).sum()),
        unchanged=int((status == SAME).sum()),
        erased=merged.erased,
        checks=checks,
        message=message,
    )


def _entry(parts: DatasetParts, report: CommitReport, *, state: str, forced: str | None) -> Commit:
    notable = [dataclasses.asdict(check) for check in report.checks if check.verdict != "pass"]
    return Commit(
        dataset=report.dataset,
        seq=0,
        state=state,
        version=report.version if state == "committed" else None,
        parent=report.parent,
        message=report.message,
        actor=parts.actor,
        at_us=0,
        rows=report.rows,
        added=report.added,
        changed=report.changed,
        removed=report.removed,
        forced=forced,
        checks=json.dumps(notable),
    )


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
