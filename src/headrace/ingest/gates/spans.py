"""Where patterns stand in texts: which texts match by Arrow (RE2, linear), the span by RE2 on those alone."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


@functools.lru_cache(maxsize=64)
def compiled(pattern: str) -> Any:
    """The pattern compiled by RE2, which has no catastrophic cases."""
    import re2

    options = re2.Options()
    options.max_mem = 64 << 20
    return re2.compile(pattern, options)


def matching(texts: pa.Array, pattern: str) -> list[int]:
    """Rows whose text matches."""
    import numpy as np
    import pyarrow.compute as pc

    found: Any = pc.match_substring_regex(texts, pattern)
    return [int(row) for row in np.flatnonzero(found.to_numpy(zero_copy_only=False))]


def spans(text: str, pattern: str) -> Iterator[tuple[int, int]]:
    """Character spans of every match in a text."""
    for found in compiled(pattern).finditer(text):
        yield found.span()
