"""Interned sets of access labels, so that a change of policy rewrites no rows of an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from headrace.ledger.storage.rows import insert_new, slices
from headrace.ledger.storage.tables.standing import acl_labels, acl_moves, acls

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

PUBLIC = "public"
"""The label that every caller has."""


def intern(tx: Write, key: str, labels: Sequence[str]) -> int:
    """Give the id of a key; labels it had before are replaced, so what refers to the id follows."""
    wanted = set(labels)
    acl_id = tx.conn.execute(sa.select(acls.c.id).where(acls.c.key == key)).scalar_one_or_none()
    if acl_id is None:
        acl_id = (tx.conn.execute(sa.select(sa.func.max(acls.c.id))).scalar_one() or 0) + 1
        tx.conn.execute(sa.insert(acls).values(id=acl_id, key=key))
    mine = acl_labels.c.acl_id == acl_id
    found = set(tx.conn.execute(sa.select(acl_labels.c.label).where(mine)).scalars())
    if found - wanted:
        tx.conn.execute(sa.delete(acl_labels).where(mine, acl_labels.c.label.in_(found - wanted)))
    if wanted - found:
        rows = [{"label": label, "acl_id": acl_id} for label in sorted(wanted - found)]
        tx.conn.execute(sa.insert(acl_labels), rows)
    return int(acl_id)


def find(conn: Connection, keys: Collection[str]) -> dict[str, int]:
    """The ids of keys that were interned before; others are left out."""
    found: dict[str, int] = {}
    for part in slices(sorted(keys)):
        rows = conn.execute(sa.select(acls.c.key, acls.c.id).where(acls.c.key.in_(part)))
        found.update((row.key, int(row.id)) for row in rows)
    return found


def admitted(conn: Connection, caller_labels: Collection[str]) -> frozenset[int]:
    """Ids of the label sets that admit a caller: any overlap with its labels or `public`."""
    labels = sorted({*caller_labels, PUBLIC})
    found: set[int] = set()
    for part in slices(labels):
        found.update(
            conn.execute(sa.select(acl_labels.c.acl_id).where(acl_labels.c.label.in_(part))).scalars()
        )
    return frozenset(found)


def keys(conn: Connection, ids: Collection[int]) -> dict[int, str]:
    """The keys of ids; unknown ones are left out."""
    found: dict[int, str] = {}
    for part in slices(sorted(ids)):
        rows = conn.execute(sa.select(acls.c.id, acls.c.key).where(acls.c.id.in_(part)))
        found.update((int(row.id), row.key) for row in rows)
    return found


def labels(conn: Connection, ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The labels of each id, sorted; unknown ids, and sets without a label, have none."""
    found: dict[int, list[str]] = {acl_id: [] for acl_id in ids}
    for part in slices(sorted(found)):
        for row in conn.execute(sa.select(acl_labels).where(acl_labels.c.acl_id.in_(part))):
            found[row.acl_id].append(row.label)
    return {acl_id: tuple(sorted(names)) for acl_id, names in found.items()}


def moved(tx: Write, generation: str, pairs: Collection[tuple[int, int]]) -> None:
    """Remember that documents went from one label set to another (from, to), but their rows did not."""
    rows = {(row, now) for row, before in moves(tx.conn, generation) for was, now in pairs if was == before}
    insert_new(tx.conn, acl_moves, [(generation, row, now) for row, now in sorted(rows | set(pairs))])


def moves(conn: Connection, generation: str) -> frozenset[tuple[int, int]]:
    """Label sets of rows with those that some of their documents have by now."""
    statement = sa.select(acl_moves.c.row_acl_id, acl_moves.c.acl_id).where(
        acl_moves.c.generation == generation
    )
    return frozenset((row.row_acl_id, row.acl_id) for row in conn.execute(statement))
