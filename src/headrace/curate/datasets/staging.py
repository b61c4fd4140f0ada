"""What waits for the next commit: each batch is a file that is synced before it is acknowledged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from headrace.curate.datasets import columns, packs
from headrace.curate.datasets.columns import Rows
from headrace.curate.datasets.files import NewFile, new_id
from headrace.curate.datasets.identity import row_ids
from headrace.curate.datasets.packs import Pack
from headrace.curate.datasets.parts import DatasetParts
from headrace.errors import NotFoundError, UsageError
from headrace.ledger import datasets as book
from headrace.ledger import leases
from headrace.ledger.erasure import suppressions
from headrace.ledger.failpoints import declare, fire
from headrace.records.datasets import RowInput, StageReport

if TYPE_CHECKING:
    from headrace.ledger.ledger import Write

_IN_TRANSACTION = declare("dataset.in_stage_transaction")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SUBJECT = re.compile(r"subject_[a-z2-7]{26}")
_BATCH = 131_072
WAIT_SECONDS = 600.0


class StagedRows(NamedTuple):
    """Everything that waits, the last of each key."""

    pack: Pack
    """Sorted by key."""
    up_to: int
    """Number of the last batch."""
    batches: int


def check_name(name: str) -> str:
    """The name of a dataset, or UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the name of a dataset.",
            hint="Allowed: letters, digits, '.', '_' and '-', at most 64, a letter or digit first.",
        )
    return name


def require(parts: DatasetParts, name: str) -> book.Dataset:
    """A dataset that is there. Raises NotFoundError."""
    with parts.ledger.read() as conn:
        found = book.get(conn, name)
        known = [] if found else book.names(conn)
    if found is None:
        raise NotFoundError("dataset", name, known=known, hint=f"headrace dataset create {name}")
    return found


def add(parts: DatasetParts, name: str, rows: Iterable[RowInput]) -> StageReport:
    """Stage rows; a key that waits already is replaced. Raises NotFoundError, UsageError."""
    require(parts, name)
    given = list(rows)
    subjects = [_subject(parts, row.subject) for row in given]
    kept_out = _forgotten(parts, subjects)
    inside = [at for at, subject in enumerate(subjects) if subject not in kept_out]
    chosen = [given[at] for at in inside]
    _check(chosen)
    made = columns.of_rows(chosen, subjects=[subjects[at] for at in inside])
    return stage(parts, name, made, kept_out=len(given) - len(chosen))


def add_rows(parts: DatasetParts, name: str, rows: Rows) -> StageReport:
    """Stage columns; subjects are names or keyed hashes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    require(parts, name)
    if rows.subjects.null_count < len(rows):
        distinct = {subject: _subject(parts, subject) for subject in pc.unique(rows.subjects).to_pylist()}
        keyed = pa.array([distinct[subject] for subject in rows.subjects.to_pylist()], pa.large_string())
        rows = columns.with_subjects(rows, keyed)
        kept_out = _forgotten(parts, distinct.values())
        if kept_out:
            inside = pc.invert(pc.is_in(keyed, value_set=pa.array(sorted(kept_out), pa.large_string())))
            before = len(rows)
            rows = rows.take(pc.indices_nonzero(inside))
            return stage(parts, name, rows, kept_out=before - len(rows))
    return stage(parts, name, rows, kept_out=0)


def remove(parts: DatasetParts, name: str, keys: Sequence[str]) -> StageReport:
    """Stage keys to be removed."""
    require(parts, name)
    rows = [RowInput(key=key, fields={}) for key in dict.fromkeys(keys)]
    _check(rows)
    return stage(parts, name, columns.of_rows(rows, subjects=[None] * len(rows)), kept_out=0, removing=True)


def stage(
    parts: DatasetParts, name: str, rows: Rows, *, kept_out: int, removing: bool = False
) -> StageReport:
    """Write rows as files and put them behind what waits."""
    import numpy as np
    import pyarrow as pa

    _check_unique(rows)
    new = []
    for start in range(0, len(rows), _BATCH):
        some = rows if len(rows) <= _BATCH else rows.take(np.arange(start, min(start + _BATCH, len(rows))))
        pack = Pack(some, row_ids(some), pa.repeat(pa.scalar(removing), len(some)))
        new.append(NewFile("staged", packs.write(pack), len(some), new_id()))
    if not new:
        return _report(parts, name, 0, 0, kept_out)
    with leases.held(parts.ledger, book.LEASE, wait_seconds=WAIT_SECONDS) as lease:
        parts.files.sweep()
        written = parts.files.write(new)

        def work(tx: Write) -> None:
            leases.check(tx, lease)
            book.set_state(tx, [file.id for file in written], "live")
            for file in written:
                book.stage(
                    tx,
                    name,
                    file=file.id,
                    rows=0 if removing else file.rows,
                    removals=file.rows if removing else 0,
                    actor=parts.actor,
                )
            fire(_IN_TRANSACTION)

        parts.ledger.write(work)
    rows_staged, removed = (0, len(rows)) if removing else (len(rows), 0)
    return _report(parts, name, rows_staged, removed, kept_out)


def unstage(parts: DatasetParts, name: str) -> StageReport:
    """Take back everything that waits."""
    require(parts, name)
    with leases.held(parts.ledger, book.LEASE, wait_seconds=WAIT_SECONDS) as lease:

        def work(tx: Write) -> None:
            leases.check(tx, lease)
            waiting = book.staged(tx.conn, name)
            if waiting:
                book.set_state(tx, book.unstage(tx, name, waiting[-1].seq), "gone")

        parts.ledger.write(work)
        parts.files.sweep()
    return _report(parts, name, 0, 0, 0)


def read(parts: DatasetParts, name: str) -> StagedRows | None:
    """What waits, the last of each key, sorted; None where nothing does."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    with parts.ledger.read() as conn:
        waiting = book.staged(conn, name)
    if not waiting:
        return None
    found = [packs.read(parts.files.open(item.file)) for item in waiting]
    rows = columns.concat([pack.rows for pack in found])
    ids = pa.concat_arrays([pack.ids for pack in found])
    remove = pa.concat_arrays([pack.remove for pack in found])
    order = pc.sort_indices(
        pa.table({"key": rows.keys, "at": np.arange(len(rows))}),
        sort_keys=[("key", "ascending"), ("at", "ascending")],
    ).to_numpy()
    keys = rows.keys.take(pa.array(order))
    last = np.ones(len(order), dtype=bool)
    if len(order) > 1:
        last[:-1] = pc.not_equal(keys.slice(0, len(keys) - 1), keys.slice(1)).to_numpy(zero_copy_only=False)
    at = pa.array(order[last])
    return StagedRows(Pack(rows.take(at), ids.take(at), remove.take(at)), waiting[-1].seq, len(waiting))


def _report(parts: DatasetParts, name: str, rows: int, removals: int, kept_out: int) -> StageReport:
    with parts.ledger.read() as conn:
        waiting = sum(item.rows + item.removals for item in book.staged(conn, name))
    return StageReport(dataset=name, rows=rows, removals=removals, kept_out=kept_out, staged=waiting)


def _subject(parts: DatasetParts, subject: str | None) -> str | None:
    if subject is None or _SUBJECT.fullmatch(subject):
        return subject
    return parts.keyring.subject(subject)


def _forgotten(parts: DatasetParts, subjects: Iterable[str | None]) -> frozenset[str]:
    wanted = {subject for subject in subjects if subject is not None}
    if not wanted:
        return frozenset()
    with parts.ledger.read() as conn:
        return frozenset(wanted & suppressions.known(conn))


def _check(rows: Sequence[RowInput]) -> None:
    for number, row in enumerate(rows, start=1):
        if not isinstance(row.key, str) or not row.key:
            raise UsageError(
                f"Row {number} has no key.", hint="A key is a text that names the row within its dataset."
            )
        if not isinstance(row.depth, int) or row.depth < 0:
            raise UsageError(
                f"Row {row.key!r} has the depth {row.depth!r}.",
                hint="0 for what people wrote or edited; for model output its parent's depth plus one.",
            )
        if not all(isinstance(name, str) for name in row.fields):
            raise UsageError(
                f"Row {row.key!r} has a field whose name is no text.", hint="Name fields by texts."
            )


def _check_unique(rows: Rows) -> None:
    import pyarrow.compute as pc

    if pc.count_distinct(rows.keys, mode="all").as_py() == len(rows) and not rows.keys.null_count:
        return
    counted = pc.value_counts(rows.keys).to_pylist()
    twice = sorted(str(item["values"]) for item in counted if item["counts"] > 1 or item["values"] is None)
    raise UsageError(
        f"{len(twice)} keys stand there twice, among them {twice[0]!r}. Nothing was staged.",
        hint="A key names one row; give each row its own.",
    )
