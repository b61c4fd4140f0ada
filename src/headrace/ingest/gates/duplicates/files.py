"""Segments in files: uncompressed Arrow, memory-mapped, made durable before anything refers to them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from headrace.ingest.gates.duplicates.segments import CONTENT_BYTES, Segment
from headrace.ingest.gates.duplicates.signatures import PERMUTATIONS
from headrace.ledger.durability import fsync_path, make_folder

ATTEMPTS = 3
"""How often a listing is read again when its files are replaced meanwhile."""
_WIDTH = 4 * PERMUTATIONS


def write(folder: Path, name: str, segment: Segment) -> Segment:
    """Write a segment under its name and give it back memory-mapped."""
    import numpy as np
    import pyarrow as pa

    make_folder(folder)
    rows = len(segment.keys)
    columns = {
        "content": _fixed(np.ascontiguousarray(segment.keys), CONTENT_BYTES, rows),
        "signature": _fixed(np.ascontiguousarray(segment.values), _WIDTH, rows),
    }
    table = pa.table(columns)
    written = folder / f".{name}"
    with pa.OSFile(str(written), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    fsync_path(written)
    written.replace(folder / name)
    fsync_path(folder)
    mapped = read(folder / name)
    mapped.bands.update(segment.bands)
    return mapped


def read(path: Path) -> Segment:
    """Map a segment into memory. Raises FileNotFoundError."""
    import numpy as np
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    batches = table.to_batches()
    if not batches:
        keys = np.zeros(0, dtype=f"S{CONTENT_BYTES}")
        return Segment(keys, np.zeros((0, PERMUTATIONS), dtype=np.uint32))
    (batch,) = batches
    keys = np.frombuffer(batch["content"].buffers()[1], dtype=f"S{CONTENT_BYTES}", count=batch.num_rows)
    flat = np.frombuffer(
        batch["signature"].buffers()[1], dtype=np.uint32, count=batch.num_rows * PERMUTATIONS
    )
    return Segment(keys, flat.reshape(-1, PERMUTATIONS))


def remove(folder: Path, *, keep: Collection[str]) -> None:
    """Remove every other segment, and what a dead writer left half-written."""
    for path in folder.iterdir():
        if path.name not in keep and path.suffix == ".arrow":
            path.unlink()


def _fixed(column: object, width: int, rows: int) -> object:
    import pyarrow as pa

    return pa.Array.from_buffers(pa.binary(width), rows, [None, pa.py_buffer(column)])
