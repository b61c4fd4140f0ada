"""Bands of signatures: how many for a threshold, and their keys."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.ingest.gates.duplicates.signatures import PERMUTATIONS

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

WANTED_RECALL = 0.97
"""Least chance that two texts exactly as alike as the threshold share a band."""


class Banding(NamedTuple):
    """`bands` groups of `rows` values of a signature each."""

    bands: int
    rows: int


@functools.cache
def banding_for(threshold: float) -> Banding:
    """The longest bands, and of them the fewest, that find pairs at the threshold often enough."""
    for rows in range(PERMUTATIONS, 1, -1):
        for bands in range(1, PERMUTATIONS // rows + 1):
            if 1 - (1 - threshold**rows) ** bands >= WANTED_RECALL:
                return Banding(bands=bands, rows=rows)
    return Banding(bands=PERMUTATIONS, rows=1)


def band_keys(values: Array, banding: Banding) -> Array:
    """uint64 (bands, n): equal where two texts agree on a whole band."""
    import numpy as np

    keys = np.empty((banding.bands, len(values)), dtype=np.uint64)
    for band in range(banding.bands):
        mixed = np.full(len(values), band + 1, dtype=np.uint64)
        for column in range(band * banding.rows, (band + 1) * banding.rows):
            mixed = (mixed ^ values[:, column]) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(32)
        keys[band] = mixed
    return keys
