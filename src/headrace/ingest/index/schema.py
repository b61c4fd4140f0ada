"""The columns of a generation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 1
"""Part of the recipe: a change of columns builds a new generation."""

READ_COLUMNS = ("chunk_id", "document", "revision", "start", "end", "page", "headings", "text")
"""What a hit is made of; its metadata comes from the state of its document."""


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
