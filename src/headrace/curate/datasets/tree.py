"""Versions as trees: sorted entries cut into leaves by their keys, so equal content is an equal root.

Where a leaf ends depends on its last key alone. So the order of insertion does not matter, a change touches
its leaf only (or the next one too, where a last key comes or goes), and versions share every other leaf.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.curate.datasets.entries import Entries, FileNames, by_key, concat, cuts, ends, hash_rows
from headrace.curate.datasets.files import Files, NewFile, new_id
from headrace.curate.datasets.identity import HASH_BYTES
from headrace.errors import StorageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEAVES_ROWS = 262_144
"""Most entries in one file of leaves."""
ADDED, CHANGED, REMOVED, SAME, ABSENT = range(5)


class Leaf(NamedTuple):
    """A leaf and where it lies."""

    digest: bytes
    rows: int
    erased: int
    """Rows whose bodies were forgotten."""
    last: str
    """Its last key that was not forgotten."""
    file: str
    batch: int


class Changes(NamedTuple):
    """What differs from a parent: entries by key; of removals only the key counts."""

    entries: Entries
    remove: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A parent with its changes."""

    parts: Sequence[Leaf | Entries]
    """Leaves that are kept, and entries of new ones."""
    status: NDArray[np.int8]
    """ADDED, CHANGED, REMOVED, SAME or ABSENT for each change."""
    before: Entries
    """What changed and removed rows were, in the order of the changes."""
    erased: int
    """Forgotten rows that are left out."""


class TreeReader:
    """Reads leaves; entries of all of them number their files alike."""

    def __init__(self, files: Files) -> None:
        self.names = FileNames()
        self.read_leaves = 0
        self._files = files
        self._open: dict[str, tuple[Any, Any]] = {}

    def tree(self, file: str) -> list[Leaf]:
        """The leaves of a version."""
        import pyarrow as pa

        reader = pa.ipc.open_file(pa.BufferReader(self._files.open(file)))
        names = (reader.schema.metadata or {}).get(b"files", b"").decode().split()
        table = reader.read_all()
        columns = [table[name].to_pylist() for name in ("digest", "rows", "erased", "last", "file", "batch")]
        return [
            Leaf(digest, rows, erased, last or "", names[at], batch)
            for digest, rows, erased, last, at, batch in zip(*columns, strict=True)
        ]

    def leaf(self, leaf: Leaf, *, erased: bool = True) -> Entries:
        """The entries of a leaf; without those that were erased unless wanted. Raises StorageError."""
        found = self.batch(leaf.file, leaf.batch)
        if found.digest() != leaf.digest:
            raise StorageError(
                f"A leaf of the dataset is damaged: file {leaf.file!r}, part {leaf.batch}.",
                hint="Restore the folder of the blobs from a backup.",
            )
        if erased or not leaf.erased:
            return found
        return found.take(found.keys.is_valid().to_numpy(zero_copy_only=False))

    def batch(self, file: str, number: int) -> Entries:
        """The entries of a part of a file."""
        import numpy as np
        import pyarrow as pa

        if file not in self._open:
            reader = pa.ipc.open_file(pa.BufferReader(self._files.open(file)))
            names = (reader.schema.metadata or {}).get(b"files", b"").decode().split()
            numbers = np.array([self.names.number(name) for name in names], dtype=np.int32)
            self._open[file] = (reader, numbers)
        reader, numbers = self._open[file]
        batch = reader.get_batch(number)
        self.read_leaves += 1
        return Entries(
            keys=batch["key"],
            hashes=hash_rows(batch["hash"]),
            files=numbers[batch["file"].to_numpy()],
            places=batch["place"].to_numpy(),
        )

    def entries(self, leaves: Iterable[Leaf], *, erased: bool = True) -> Entries:
        """The entries of several leaves."""
        found = [self.leaf(leaf, erased=erased) for leaf in leaves]
        return concat(found) if found else no_entries()


def no_entries() -> Entries:
    """No entries."""
    import numpy as np
    import pyarrow as pa

    return Entries(
        keys=pa.array([], pa.large_string()),
        hashes=np.zeros((0, HASH_BYTES), dtype=np.uint8),
        files=np.zeros(0, dtype=np.int32),
        places=np.zeros(0, dtype=np.int32),
    )


def root(digests: Iterable[bytes]) -> bytes:
    """The hash over all leaves."""
    return blake2b(b"".join(digests), digest_size=HASH_BYTES).digest()


def merge(reader: TreeReader, tree: Sequence[Leaf], changes: Changes) -> Merged:
    """Apply changes to a tree; what was forgotten is left out."""
    import numpy as np

    status = np.full(len(changes.entries), ABSENT, dtype=np.int8)
    if not tree:
        status[~changes.remove] = ADDED
        fresh = changes.entries.take(~changes.remove)
        return Merged(parts=_cut(fresh), status=status, before=no_entries(), erased=0)
    bounds = _ranges(tree, changes.entries)
    known = {leaf.digest: leaf for leaf in tree if not leaf.erased}
    parts: list[Leaf | Entries] = []
    waiting: list[Entries] = []
    before: list[Entries] = []
    for number, leaf in enumerate(tree):
        start, end = bounds[number], bounds[number + 1]
        if start == end and not leaf.erased and not waiting:
            parts.append(leaf)
            continue
        some = reader.leaf(leaf, erased=False)
        if start != end:
            some, old = _apply(some, changes, status, start, end)
            before.append(old)
        waiting.append(some)
        final = number == len(tree) - 1
        if final or (len(some) and bool(ends(some.keys.slice(len(some) - 1))[0])):
            parts += [known.get(part.digest(), part) for part in _cut(concat(waiting))]
            waiting = []
    return Merged(
        parts=parts,
        status=status,
        before=concat(before) if before else no_entries(),
        erased=sum(leaf.erased for leaf in tree),
    )


def _ranges(tree: Sequence[Leaf], entries: Entries) -> list[int]:
    """Where the changes of each leaf begin; those behind the last key belong to the last leaf."""
    keys = entries.keys.to_pylist()
    bounds = [0]
    for leaf in tree[:-1]:
        at = bisect_left(keys, leaf.last, lo=bounds[-1])
        bounds.append(at + 1 if at < len(keys) and keys[at] == leaf.last else at)
    return [*bounds, len(keys)]


def _apply(
    old: Entries, changes: Changes, status: NDArray[np.int8], start: int, end: int
) -> tuple[Entries, Entries]:
    import numpy as np
    import pyarrow.compute as pc

    new, remove = changes.entries.cut(start, end), changes.remove[start:end]
    at = pc.fill_null(pc.index_in(new.keys, value_set=old.keys), -1).to_numpy(zero_copy_only=False)
    found = at >= 0
    same = np.zeros(len(new), dtype=bool)
    same[found] = (new.hashes[found] == old.hashes[at[found]]).all(axis=1)
    here = np.where(
        found, np.where(remove, REMOVED, np.where(same, SAME, CHANGED)), np.where(remove, ABSENT, ADDED)
    )
    status[start:end] = here
    gone = at[(here == REMOVED) | (here == CHANGED)]
    keep = np.ones(len(old), dtype=bool)
    keep[gone] = False
    come = (here == ADDED) | (here == CHANGED)
    return by_key(concat([old.take(keep), new.take(come)])), old.take(gone)


def _cut(entries: Entries) -> list[Entries]:
    return [entries.cut(start, end) for start, end in cuts(entries)]


def write(names: FileNames, parts: Sequence[Leaf | Entries]) -> tuple[list[Leaf], list[NewFile]]:
    """The leaves of a new version, and the files of those that are new."""
    new: list[NewFile] = []
    leaves: list[Leaf] = []
    batches: list[Entries] = []
    name = new_id()
    waiting = 0

    def flush() -> None:
        if batches:
            new.append(NewFile("leaves", leaves_file(batches, names.names), sum(map(len, batches)), name))
            batches.clear()

    for part in parts:
        if isinstance(part, Leaf):
            leaves.append(part)
            continue
        if waiting > _LEAVES_ROWS:
            flush()
            name, waiting = new_id(), 0
        last = part.keys[len(part) - 1].as_py()
        leaves.append(Leaf(part.digest(), len(part), 0, last, name, len(batches)))
        batches.append(part)
        waiting += len(part)
    flush()
    return leaves, new


def leaves_file(batches: Sequence[Entries], names: Sequence[str]) -> bytes:
    """An Arrow file with a batch for each leaf."""
    import numpy as np
    import pyarrow as pa

    used = np.unique(np.concatenate([part.files for part in batches])) if batches else np.zeros(0, np.int32)
    schema = pa.schema(
        [
            ("key", pa.large_string()),
            ("hash", pa.binary(HASH_BYTES)),
            ("file", pa.int32()),
            ("place", pa.int32()),
        ],
        metadata={"files": " ".join(names[number] for number in used.tolist())},
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, schema) as writer:
        for part in batches:
            hashes = pa.FixedSizeBinaryArray.from_buffers(
                pa.binary(HASH_BYTES), len(part), [None, pa.py_buffer(np.ascontiguousarray(part.hashes))]
            )
            numbers = pa.array(np.searchsorted(used, part.files).astype(np.int32))
            columns = [
                part.keys.cast(pa.large_string()),
                hashes,
                numbers,
                pa.array(part.places.astype(np.int32)),
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))
    data: bytes = sink.getvalue().to_pybytes()
    return data


def tree_file(leaves: Sequence[Leaf]) -> bytes:
    """An Arrow file that lists the leaves of a version."""
    import pyarrow as pa

    names = sorted({leaf.file for leaf in leaves})
    numbers = {name: number for number, name in enumerate(names)}
    table = pa.table(
        {
            "digest": pa.array([leaf.digest for leaf in leaves], pa.binary(HASH_BYTES)),
            "rows": pa.array([leaf.rows for leaf in leaves], pa.int32()),
            "erased": pa.array([leaf.erased for leaf in leaves], pa.int32()),
            "last": pa.array([leaf.last for leaf in leaves], pa.large_string()),
            "file": pa.array([numbers[leaf.file] for leaf in leaves], pa.int32()),
            "batch": pa.array([leaf.batch for leaf in leaves], pa.int32()),
        }
    ).replace_schema_metadata({"files": " ".join(names)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


class Difference(NamedTuple):
    """Entries that differ between two trees."""

    only_a: Entries
    only_b: Entries
    """A changed row stands in both, under the same key."""


def difference(reader: TreeReader, a: Sequence[Leaf], b: Sequence[Leaf]) -> Difference:
    """Compare two trees; leaves that both have are not read."""
    in_a, in_b = {leaf.digest for leaf in a}, {leaf.digest for leaf in b}
    left = reader.entries(leaf for leaf in a if leaf.digest not in in_b)
    right = reader.entries(leaf for leaf in b if leaf.digest not in in_a)
    return Difference(without(left, right), without(right, left))


def without(entries: Entries, others: Entries) -> Entries:
    """Those that the others lack, by their hashes."""
    import numpy as np

    if not len(entries) or not len(others):
        return entries
    mine, theirs = (np.ascontiguousarray(each.hashes) for each in (entries, others))
    # By the first eight bytes, then the whole of what these lead to: comparing numbers is many times faster.
    start, first = _starts(mine), _starts(theirs)
    order = np.argsort(first)
    at = order[np.minimum(np.searchsorted(first[order], start), len(order) - 1)]
    same = (mine == theirs[at]).all(axis=1)
    if not np.array_equal(same, start == first[at]):  # two hashes begin alike
        known = {each.tobytes() for each in theirs}
        same = np.array([each.tobytes() in known for each in mine])
    return entries.take(~same)


def _starts(hashes: Any) -> Any:
    import numpy as np

    return hashes[:, :8].copy().view(np.uint64).ravel()
