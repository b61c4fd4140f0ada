"""Entries of a tree as columns: key, hash of key and content, and where the row lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from zlib import crc32

from headrace.curate.datasets.identity import HASH_BYTES

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

LEAF_ROWS = 512
"""Entries of a leaf on average: a key ends its leaf with a probability of one in so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Entries, sorted by key."""

    keys: pa.Array
    """Null where the row was erased."""
    hashes: NDArray[np.uint8]
    """(n, 32)"""
    files: NDArray[np.int32]
    """Number of the file in a `FileNames`."""
    places: NDArray[np.int32]
    """Row within the file."""

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, places: Any) -> Entries:
        """Some of them."""
        import numpy as np
        import pyarrow as pa

        at = np.flatnonzero(places) if getattr(places, "dtype", None) == np.bool_ else np.asarray(places)
        return Entries(
            keys=self.keys.take(pa.array(at, pa.int64())),
            hashes=self.hashes[at],
            files=self.files[at],
            places=self.places[at],
        )

    def cut(self, start: int, end: int) -> Entries:
        """Those from start to end."""
        return Entries(
            keys=self.keys.slice(start, end - start),
            hashes=self.hashes[start:end],
            files=self.files[start:end],
            places=self.places[start:end],
        )

    def digest(self) -> bytes:
        """The hash of a leaf with these entries."""
        import numpy as np

        return blake2b(np.ascontiguousarray(self.hashes).data, digest_size=HASH_BYTES).digest()


class FileNames:
    """Numbers for the files that entries point to."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """The number of a file."""
        if name not in self._numbers:
            self._numbers[name] = len(self.names)
            self.names.append(name)
        return self._numbers[name]


def concat(parts: Sequence[Entries]) -> Entries:
    """Entries one after the other."""
    import numpy as np
    import pyarrow as pa

    if len(parts) == 1:
        return parts[0]
    return Entries(
        keys=pa.concat_arrays([part.keys for part in parts]),
        hashes=np.concatenate([part.hashes for part in parts]),
        files=np.concatenate([part.files for part in parts]),
        places=np.concatenate([part.places for part in parts]),
    )


def by_key(entries: Entries) -> Entries:
    """The entries in the order of their keys, as UTF-8 bytes."""
    import pyarrow.compute as pc

    return entries.take(pc.sort_indices(entries.keys).to_numpy())


def hash_rows(array: pa.Array) -> NDArray[np.uint8]:
    """A column of hashes as numbers."""
    import numpy as np

    raw = np.frombuffer(array.buffers()[1] or b"", dtype=np.uint8)
    start = array.offset * HASH_BYTES
    return raw[start : start + len(array) * HASH_BYTES].reshape(-1, HASH_BYTES)


def ends(keys: pa.Array) -> NDArray[np.bool_]:
    """Whether each key is the last of its leaf: it depends on the key alone."""
    import numpy as np
    import pyarrow as pa

    checks = np.array([crc32(key) for key in keys.cast(pa.large_binary()).to_pylist()], dtype=np.uint64)
    mixed = (checks + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0x94D049BB133111EB)
    return np.asarray((mixed >> np.uint64(40)) % np.uint64(LEAF_ROWS) == 0)


def cuts(entries: Entries) -> list[tuple[int, int]]:
    """Where the leaves of these entries begin and end."""
    import numpy as np

    if not len(entries):
        return []
    last = (np.flatnonzero(ends(entries.keys)) + 1).tolist()
    if not last or last[-1] != len(entries):
        last.append(len(entries))
    return list(zip([0, *last[:-1]], last, strict=True))
