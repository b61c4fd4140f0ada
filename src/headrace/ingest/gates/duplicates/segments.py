"""Sorted segments of signatures: immutable, memory-mapped, searched in batches, merged so that few remain."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.ingest.gates.duplicates.bands import Banding, band_keys
from headrace.ingest.gates.duplicates.signatures import PERMUTATIONS

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

CONTENT_BYTES = 16
_PART_ROWS = 65_536


class Bands(NamedTuple):
    """The keys of each band of a segment, in order."""

    keys: Array
    """uint64 (bands, n), each band sorted."""
    rows: Array
    """uint32 (bands, n): the row of each key."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Contents with their signatures, and their bands for each banding that was asked for.

    Nothing changes the arrays. A content that no document has any more stays in them as a tombstone (who asks
    knows which live) until segments are merged.
    """

    keys: Array
    """bytes of length 16 (n), sorted: the contents."""
    values: Array
    """uint32 (n, 128): the signature of each."""
    bands: dict[Banding, Bands] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """Bytes of its arrays."""
        parts = [self.keys, self.values, *(part for held in self.bands.values() for part in held)]
        return int(sum(part.nbytes for part in parts))

    def find(self, keys: Array) -> Array:
        """int64: the row of each content; -1 where it is not here."""
        import numpy as np

        if not len(self.keys):
            return np.full(len(keys), -1, dtype=np.int64)
        rows = np.searchsorted(self.keys, keys)
        rows[rows == len(self.keys)] = 0
        return np.where(self.keys[rows] == keys, rows, -1).astype(np.int64)

    def candidates(self, wanted: Bands, banding: Banding) -> tuple[Array, Array]:
        """Pairs (row of `wanted`, row of this segment) that share a band."""
        import numpy as np

        held = self.banded(banding)
        left: list[Array] = []
        right: list[Array] = []
        for band in range(len(held.keys)):
            order, asked = wanted.rows[band], wanted.keys[band]
            first = np.searchsorted(held.keys[band], asked, side="left")
            last = np.searchsorted(held.keys[band], asked, side="right")
            found = np.flatnonzero(last > first)
            if len(found):
                counts = (last - first)[found]
                start = np.repeat(first[found] - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
                left.append(np.repeat(order[found].astype(np.int64), counts))
                right.append(held.rows[band][start + np.arange(counts.sum())].astype(np.int64))
        if not left:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        return np.concatenate(left), np.concatenate(right)

    def banded(self, banding: Banding) -> Bands:
        """The sorted bands, made at the first time."""
        held = self.bands.get(banding)
        if held is None:
            held = self.bands[banding] = bands_of(self.values, banding)
        return held


def bands_of(values: Array, banding: Banding) -> Bands:
    """The bands of signatures in order."""
    import numpy as np

    unsorted = band_keys(values, banding)
    order = np.argsort(unsorted, axis=1, kind="stable")
    return Bands(np.take_along_axis(unsorted, order, axis=1), order.astype(np.uint32))


def keys_of(contents: Sequence[str]) -> Array:
    """Contents as a column."""
    import numpy as np

    return np.frombuffer(bytes.fromhex("".join(contents)), dtype=f"S{CONTENT_BYTES}")


def contents_of(keys: Array) -> list[str]:
    """A column as contents."""
    digits = keys.tobytes().hex()
    size = 2 * CONTENT_BYTES
    return [digits[start : start + size] for start in range(0, len(digits), size)]


def merge(
    segments: Sequence[Segment], *, kept: Collection[str] | None = None
) -> tuple[int, Iterator[Segment]]:
    """Number of rows and rows, part by part, of one segment instead of several; nothing is hashed again.

    Of these contents only, where `kept` names some.
    """
    import numpy as np

    keys = np.concatenate([segment.keys for segment in segments])
    order = np.argsort(keys, kind="stable")
    if kept is not None:
        order = order[np.isin(keys[order], keys_of(sorted(kept)))]
    return len(order), _gathered(segments, keys, order)


def _gathered(segments: Sequence[Segment], keys: Array, order: Array) -> Iterator[Segment]:
    import numpy as np

    firsts = np.cumsum([0, *(len(segment.keys) for segment in segments)])
    for start in range(0, len(order), _PART_ROWS):
        part = order[start : start + _PART_ROWS]
        values = np.empty((len(part), PERMUTATIONS), dtype=np.uint32)
        for number, segment in enumerate(segments):
            here = (part >= firsts[number]) & (part < firsts[number + 1])
            values[here] = segment.values[part[here] - firsts[number]]
        yield Segment(keys[part], values)


def joined(parts: Sequence[Segment]) -> Segment:
    """Parts in memory, one after the other."""
    import numpy as np

    if len(parts) == 1:
        return parts[0]
    keys = [part.keys for part in parts] or [keys_of([])]
    values = [part.values for part in parts] or [np.zeros((0, PERMUTATIONS), dtype=np.uint32)]
    return Segment(np.concatenate(keys), np.concatenate(values))
