"""Leaves rows of forgotten subjects out, whatever a source still has of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from headrace.observe.features.base import FeatureView
from headrace.observe.features.reading import Read

Forgotten = Callable[[Callable[[], Sequence[str]]], frozenset[str]]
"""Which subjects were forgotten; it asks for them only where anything was."""


NO_CONSENT = "no consent"
"""The status of a row whose user does not permit the purpose."""


def with_consent(
    view: FeatureView, found: Any, asked: Any, *, permitting: Callable[[Collection[str]], frozenset[str]]
) -> Any:
    """What a join found, with nothing of users who do not permit its purpose; every row stays.

    `asked` are the requests by key (k0…). A row without a user has nothing to begin with.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    users = asked[f"k{view.subject_position}"].cast(pa.string())
    names = [str(user) for user in pc.unique(users).to_pylist() if user is not None]
    allowed = pa.array(sorted(permitting(names)), pa.string())
    refused = pc.and_(pc.is_valid(users), pc.invert(pc.is_in(users, value_set=allowed)))
    columns = {}
    for name in found.column_names:
        column = found[name]
        nothing = pa.scalar(NO_CONSENT if name == "status" else None, column.type)
        columns[name] = pc.if_else(refused, nothing, column)
    return pa.table(columns)


def without_forgotten(view: FeatureView, read: Read, forgotten: Forgotten) -> Read:
    """The rows of a source whose subjects are not forgotten."""
    import pyarrow as pa
    import pyarrow.compute as pc

    key = read.keys[view.subject_position]

    def subjects() -> list[str]:
        return [str(subject) for subject in pc.unique(read.rows[key]).to_pylist() if subject is not None]

    gone = forgotten(subjects)
    if not gone:
        return read
    column = read.rows[key].cast(pa.string())
    kept: Any = pc.invert(pc.is_in(column, value_set=pa.array(sorted(gone), pa.string())))
    return replace(read, rows=read.rows.filter(kept).combine_chunks())
