"""Rows that stand there twice, and rows whose texts are nearly the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from headrace.curate.datasets import texts
from headrace.curate.datasets.gates.base import Incoming, answer, keys_at
from headrace.records.datasets import DatasetCheck

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXACT, NEAR = "duplicates", "near_duplicates"
_MOST_SIGNED = 20_000
"""Rows whose texts are signed: those with the smallest names, which is a sample that stays the same."""
_BANDS, _BAND = 16, 8
_ALIKE = 0.8


def exact(incoming: Incoming) -> Iterator[DatasetCheck]:
    """Rows with the content of another row of the commit, or of one that is there."""
    import numpy as np

    action = incoming.gates.duplicates
    rows = len(incoming.rows)
    if action == "off" or not rows:
        return
    starts = beginnings(incoming.ids)
    order = np.argsort(starts, kind="stable")
    again = np.zeros(rows, dtype=bool)
    again[order[1:]] = starts[order[1:]] == starts[order[:-1]]
    there = incoming.parent_ids(starts)
    if there:
        again |= np.isin(starts, np.array(sorted(there), dtype=np.uint64))
    yield _answer(incoming, EXACT, np.flatnonzero(again), rows, "have the content of another row")


def near(incoming: Incoming) -> Iterator[DatasetCheck]:
    """Rows of the commit whose texts share four fifths of their runs of five words."""
    import numpy as np

    from headrace.ingest.gates.duplicates.signatures import signatures

    action = incoming.gates.near_duplicates
    rows = len(incoming.rows)
    if action == "off" or rows < 2:
        return
    chosen = np.arange(rows)
    if rows > _MOST_SIGNED:
        chosen = np.sort(np.argsort(beginnings(incoming.ids), kind="stable")[:_MOST_SIGNED])
    signed = signatures(texts.of_rows(incoming.rows.take(chosen)))
    told = np.array([bool(content) for content in signed.contents])
    alike = _alike(signed.values[told])
    found = chosen[told][alike]
    looked = "" if rows <= _MOST_SIGNED else f" (a sample of {_MOST_SIGNED:,} out of {rows:,})"
    yield _answer(incoming, NEAR, found, len(chosen), f"have nearly the texts of another row{looked}")


def beginnings(ids: Any) -> NDArray[np.uint64]:
    """The first eight bytes of names of contents."""
    import numpy as np

    from headrace.curate.datasets.entries import hash_rows

    return np.ascontiguousarray(hash_rows(ids)[:, :8]).view("<u8").ravel()


def _alike(signed: NDArray[np.uint32]) -> NDArray[np.bool_]:
    import numpy as np

    found = np.zeros(len(signed), dtype=bool)
    for band in range(_BANDS):
        part = np.ascontiguousarray(signed[:, band * _BAND : (band + 1) * _BAND])
        whole = part.view(np.dtype((np.void, part.itemsize * _BAND))).ravel()
        order = np.argsort(whole, kind="stable")
        same = whole[order[1:]] == whole[order[:-1]]
        first, second = order[:-1][same], order[1:][same]
        sure = (signed[first] == signed[second]).mean(axis=1) >= _ALIKE
        found[np.maximum(first, second)[sure]] = True
    return found


def _answer(incoming: Incoming, gate: str, found: Any, looked: int, what: str) -> DatasetCheck:
    action = getattr(incoming.gates, gate)
    share = len(found) / looked
    said = f"{len(found):,} of {looked:,} rows {what}"
    failed = share > incoming.gates.max_duplicates
    return answer(
        gate,
        action,
        said,
        failed=failed,
        rows=len(found),
        keys=keys_at(incoming.rows, found) if failed else (),
    )
