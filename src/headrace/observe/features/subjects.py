"""Leaves rows of forgotten subjects out, whatever a source still has of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from headrace.observe.features.base import FeatureView
from headrace.observe.features.reading import Read

Forgotten = Callable[[Sequence[str]], frozenset[str]]


def without_forgotten(view: FeatureView, read: Read, forgotten: Forgotten) -> Read:
    """The rows of a source whose subjects are not forgotten."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = read.rows[read.keys[view.subject_position]].cast(pa.string())
    gone = forgotten([subject for subject in pc.unique(column).to_pylist() if subject is not None])
    if not gone:
        return read
    kept: Any = pc.invert(pc.is_in(column, value_set=pa.array(sorted(gone), pa.string())))
    return replace(read, rows=read.rows.filter(kept).combine_chunks())
