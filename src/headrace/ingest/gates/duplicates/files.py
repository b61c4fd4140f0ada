"""Segments in files: rows in NumPy's own format, mapped into memory, durable before anything needs them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.ingest.gates.duplicates.segments import CONTENT_BYTES, Segment
from headrace.ingest.gates.duplicates.signatures import PERMUTATIONS
from headrace.ledger.durability import fsync_path, make_folder

if TYPE_CHECKING:
    import numpy as np

SUFFIX = ".npy"
ATTEMPTS = 3
"""How often a listing is read again when its files are replaced meanwhile."""


def write(folder: Path, name: str, rows: int, parts: Iterable[Segment]) -> Segment:
    """Write a segment of so many rows, given in parts, and give it back memory-mapped."""
    import numpy as np

    make_folder(folder)
    written = folder / f".{name}"
    mapped = np.lib.format.open_memmap(written, mode="w+", dtype=_dtype(), shape=(rows,))
    start = 0
    for part in parts:
        end = start + len(part.keys)
        mapped["content"][start:end] = part.keys
        mapped["signature"][start:end] = part.values
        start = end
    mapped.flush()
    del mapped
    fsync_path(written)
    written.replace(folder / name)
    fsync_path(folder)
    return read(folder / name)


def read(path: Path) -> Segment:
    """Map a segment into memory; its contents are copied, 16 bytes each. Raises FileNotFoundError."""
    import numpy as np

    mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    return Segment(np.ascontiguousarray(mapped["content"]), mapped["signature"])


def remove(folder: Path, *, keep: Collection[str]) -> None:
    """Remove every other segment, and what a dead writer left half-written."""
    for path in folder.iterdir():
        if path.name not in keep and path.suffix == SUFFIX:
            path.unlink()


def _dtype() -> np.dtype[Any]:
    import numpy as np

    return np.dtype([("content", f"S{CONTENT_BYTES}"), ("signature", "<u4", (PERMUTATIONS,))])
