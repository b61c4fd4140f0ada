"""Numbers that stand for entities, so that rows and requests can be compared as whole columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DENSE = 4
"""A range of integers at most so many times the number of rows counts as numbers of entities as it is."""


def codes(rows: Sequence[Any], requests: Sequence[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """A number from 0 for the keys of each row and of each request, equal where keys are; and how many.

    -1 stands for a key with a null, and for a request whose entity has no row.
    """
    left, right, count = _column(rows[0], requests[0])
    for row, request in zip(rows[1:], requests[1:], strict=True):
        more, asked, width = _column(row, request)
        left = np.where((left >= 0) & (more >= 0), left * width + more, -1)
        right = np.where((right >= 0) & (asked >= 0), right * width + asked, -1)
        distinct, left = np.unique(left, return_inverse=True)
        there = np.searchsorted(distinct, right)
        there[there == len(distinct)] = 0
        known = (right >= 0) & (distinct[there] == right) if len(distinct) else right < 0
        right = np.where(known, there, -1)
        if len(distinct) and distinct[0] < 0:
            left, right = left - 1, np.where(known, right - 1, -1)
        count = len(distinct)
    return left, right, count


def _column(rows: Any, requests: Any) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(rows.type) and len(rows):
        bounds = pc.min_max(rows).as_py()
        low, high = bounds["min"], bounds["max"]
        if low is not None and high - low < _DENSE * len(rows) + 1024:
            return _offset(rows, low, high), _offset(requests, low, high), high - low + 1
    rows, requests = _whole(rows), _whole(requests)
    encoded = rows.dictionary_encode()
    left = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    found = pc.index_in(requests, value_set=encoded.dictionary, skip_nulls=True)
    right = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return left, right, len(encoded.dictionary)


def _offset(column: Any, low: int, high: int) -> NDArray[np.int64]:
    values = column.fill_null(low).to_numpy()
    there = (values >= low) & (values <= high)
    if column.null_count:
        there &= column.is_valid().to_numpy(zero_copy_only=False)
    return np.where(there, values - low, -1) if not there.all() else values - low


def _whole(column: Any) -> Any:
    import pyarrow as pa

    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
