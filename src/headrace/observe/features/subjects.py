"""Leaves rows of forgotten subjects out, whatever a source still has of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from headrace.observe.features.base import FeatureView
from headrace.observe.features.reading import Read

Forgotten = Callable[[Callable[[], Sequence[str]]], frozenset[str]]
"""Which subjects were forgotten; it asks for them only where anything was."""


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
