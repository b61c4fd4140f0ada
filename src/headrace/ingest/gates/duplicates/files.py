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
    described = np.lib.format.dtype_to_descr(_dtype())
    with written.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": described, "fortran_order": False, "shape": (rows,)}
        )
        for part in parts:
            block = np.empty(len(part.keys), dtype=_dtype())
            block["content"], block["signature"] = part.keys, part.values
            file.write(block.tobytes())
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
