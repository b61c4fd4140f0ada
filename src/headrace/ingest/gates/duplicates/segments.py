"""Sorted segments of band keys: immutable, searched in batches, merged as they grow in number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.ingest.gates.duplicates.bands import Banding, band_keys

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Contents with their signatures, and for each band their keys in order.

    The arrays may be memory-mapped; nothing changes them. A content that nobody has any more stays in them as
    a tombstone (the index knows which live) until segments are merged.
    """

    ids: Array
    """int64 (n): the content that each row is."""
    keys: Array
    """uint64 (n, 2): hash of the normalised text."""
    groups: Array
    """uint64 (n): hash of the access labels."""
    values: Array
    """uint32 (n, 128)."""
    band_keys: Array
    """uint64 (bands, n), each band sorted."""
    band_rows: Array
    """uint32 (bands, n): the row of each key."""

    @property
    def size_bytes(self) -> int:
        """Bytes of its arrays."""
        return int(sum(getattr(self, name).nbytes for name in self.__slots__))

    def candidates(self, wanted: Array) -> tuple[Array, Array]:
        """Pairs (row of `wanted`, row of this segment) that share a band; `wanted` is uint64 (bands, m)."""
        import numpy as np

        left: list[Array] = []
        right: list[Array] = []
        for band in range(len(self.band_keys)):
            order = np.argsort(wanted[band], kind="stable")
            asked = wanted[band][order]
            first = np.searchsorted(self.band_keys[band], asked, side="left")
            last = np.searchsorted(self.band_keys[band], asked, side="right")
            found = np.flatnonzero(last > first)
            if len(found):
                counts = (last - first)[found]
                start = np.repeat(first[found] - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
                left.append(np.repeat(order[found], counts))
                right.append(self.band_rows[band][start + np.arange(counts.sum())].astype(np.int64))
        if not left:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        return np.concatenate(left), np.concatenate(right)


def make_segment(ids: Array, keys: Array, groups: Array, values: Array, banding: Banding) -> Segment:
    """Sort the bands of some contents."""
    import numpy as np

    unsorted = band_keys(values, groups, banding)
    order = np.argsort(unsorted, axis=1, kind="stable")
    return Segment(
        ids=ids,
        keys=keys,
        groups=groups,
        values=values,
        band_keys=np.take_along_axis(unsorted, order, axis=1),
        band_rows=order.astype(np.uint32),
    )


def merge(segments: list[Segment], live: Array, banding: Banding) -> Segment:
    """One segment of the live contents of several; `live` is bool by content id. Nothing is hashed again."""
    import numpy as np

    kept = [live[segment.ids] for segment in segments]

    def joined(name: str) -> Array:
        return np.concatenate(
            [getattr(segment, name)[keep] for segment, keep in zip(segments, kept, strict=True)]
        )

    return make_segment(joined("ids"), joined("keys"), joined("groups"), joined("values"), banding)
