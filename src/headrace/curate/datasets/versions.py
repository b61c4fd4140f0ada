"""Find a version, its tree and its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.curate.datasets import columns, packs, staging
from headrace.curate.datasets.entries import Entries, FileNames
from headrace.curate.datasets.files import Files
from headrace.curate.datasets.packs import Pack
from headrace.curate.datasets.parts import DatasetParts
from headrace.curate.datasets.tree import Leaf, TreeReader
from headrace.errors import NotFoundError, UsageError
from headrace.ledger import datasets as book
from headrace.ledger import refs
from headrace.ledger.datasets import Version

if TYPE_CHECKING:
    from sqlalchemy import Connection

KIND = "dataset"


def head_name(dataset: str) -> str:
    """The ref that points to the newest version."""
    return f"version/{dataset}"


def tag_name(dataset: str, tag: str) -> str:
    """The ref of a tag."""
    return f"version-tag/{dataset}/{tag}"


def head(conn: Connection, dataset: str) -> Version | None:
    """The newest version."""
    row = refs.read(conn, head_name(dataset))
    return None if row is None else book.get_version(conn, row.artifact)


def find(parts: DatasetParts, dataset: str, ref: str | None = None) -> Version:
    """A version by its id, tag or number in the log; the newest without one. Raises NotFoundError."""
    staging.require(parts, dataset)
    with parts.ledger.read() as conn:
        found = _find(conn, dataset, ref)
        known = [] if found else sorted(tags(conn, dataset))
    if found is None and ref is None:
        raise UsageError(
            f"The dataset {dataset!r} has no version yet.",
            hint=f"headrace dataset commit {dataset} -m TEXT",
        )
    if found is None:
        raise NotFoundError("version", str(ref), known=known, hint=f"headrace dataset log {dataset}")
    return found


def tags(conn: Connection, dataset: str) -> dict[str, str]:
    """Tag to version."""
    prefix = tag_name(dataset, "")
    return {row.name.removeprefix(prefix): row.artifact for row in refs.under(conn, prefix)}


def _find(conn: Connection, dataset: str, ref: str | None) -> Version | None:
    if ref is None or ref == "newest":
        return head(conn, dataset)
    if ref.startswith(f"{KIND}_") and (found := book.get_version(conn, ref)) is not None:
        return found
    tagged = refs.read(conn, tag_name(dataset, ref))
    if tagged is not None:
        return book.get_version(conn, tagged.artifact)
    if ref.isdecimal():
        for entry in book.commits(conn, dataset):
            if entry.seq == int(ref) and entry.version is not None and entry.state == "committed":
                return book.get_version(conn, entry.version)
    return None


def leaves_of(reader: TreeReader, version: Version | None) -> list[Leaf]:
    """The leaves of a version; none before the first."""
    return [] if version is None else reader.tree(version.tree)


def bodies(files: Files, names: FileNames, entries: Entries) -> Pack:
    """The rows that entries point to, in their order."""
    import numpy as np
    import pyarrow as pa

    if not len(entries):
        return Pack(columns.nothing(), pa.array([], pa.binary(32)), pa.array([], pa.bool_()))
    found: list[Pack] = []
    order = []
    for number in np.unique(entries.files).tolist():
        mine = np.flatnonzero(entries.files == number)
        found.append(packs.read(files.open(names.names[number]), entries.places[mine]))
        order.append(mine)
    back = pa.array(np.argsort(np.concatenate(order), kind="stable"))
    rows = columns.concat([pack.rows for pack in found])
    ids = pa.concat_arrays([pack.ids for pack in found])
    remove = pa.concat_arrays([pack.remove for pack in found])
    if len(found) == 1 and (np.diff(order[0]) == 1).all():
        return Pack(rows, ids, remove)
    return Pack(rows.take(back), ids.take(back), remove.take(back))


def all_rows(parts: DatasetParts, version: Version) -> tuple[Pack, int]:
    """Every row of a version by key, and how many were erased."""
    reader = TreeReader(parts.files)
    leaves = leaves_of(reader, version)
    entries = reader.entries(leaves, erased=False)
    return bodies(parts.files, reader.names, entries), sum(leaf.erased for leaf in leaves)


def one(parts: DatasetParts, version: Version, key: str) -> Pack | None:
    """The row of a key, reading one leaf; None where there is none."""
    reader = TreeReader(parts.files)
    leaf = leaf_of(leaves_of(reader, version), key)
    if leaf is None:
        return None
    entries = reader.leaf(leaf, erased=False)
    keys = entries.keys.to_pylist()
    if key not in keys:
        return None
    at = keys.index(key)
    return bodies(parts.files, reader.names, entries.cut(at, at + 1))


def leaf_of(leaves: Sequence[Leaf], key: str) -> Leaf | None:
    """The leaf in which a key would stand."""
    return next((leaf for leaf in leaves if key <= leaf.last), None)
