"""The columns of a generation."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from headrace.records.document import Value

VERSION = 1
"""Part of the recipe: a change of columns builds a new generation."""

READ_COLUMNS = ("chunk_id", "document", "revision", "start", "end", "page", "headings", "text")
"""What a hit is made of; its metadata comes from the state of its document."""

LIST_MARK = "\x1f"
"""Stands around each text of a list in the metadata column, where a filter reads a list as one text."""


def chunk_schema(dimension: int) -> pa.Schema:
    """Arrow schema of a chunk table whose vectors have the given dimension."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("chunk_id", pa.string(), nullable=False),
            pa.field("document", pa.string(), nullable=False),
            pa.field("revision", pa.string(), nullable=False),
            pa.field("position", pa.int32(), nullable=False),
            pa.field("start", pa.int32(), nullable=False),
            pa.field("end", pa.int32(), nullable=False),
            pa.field("page", pa.int32()),
            pa.field("headings", pa.list_(pa.string())),
            pa.field("text", pa.string(), nullable=False),
            pa.field("text_hash", pa.string(), nullable=False),
            pa.field("metadata", pa.json_()),
            pa.field("acl_id", pa.int32(), nullable=False),
            pa.field("vector", pa.list_(pa.float32(), dimension), nullable=False),
        ]
    )


def quoted(value: str) -> str:
    """A string literal for a Lance filter."""
    return "'" + value.replace("'", "''") + "'"


def metadata_json(metadata: Mapping[str, Value]) -> str:
    """Metadata as the index filters it; a number that JSON cannot hold becomes null."""
    return json.dumps(
        {key: _filtered(value) for key, value in metadata.items()}, sort_keys=True, ensure_ascii=False
    )


def _filtered(value: Value) -> Value:
    if isinstance(value, list):
        return LIST_MARK + "".join(f"{item}{LIST_MARK}" for item in value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
