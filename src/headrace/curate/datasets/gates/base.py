"""What gates of a commit look at, and how they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.curate.datasets.columns import Column, Rows, is_missing, python_values
from headrace.curate.datasets.config import DatasetGates, OnFailure
from headrace.records.datasets import CheckVerdict, DatasetCheck

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from headrace.curate.datasets.parts import HeldOut
    from headrace.curate.datasets.profile import Profile

MOST_KEYS = 5
MISSING, NULL, EMPTY, VALUE = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """The rows of a commit beside what was there."""

    rows: Rows
    """Added and changed rows, by key."""
    ids: pa.Array
    """Names of their contents."""
    added: NDArray[np.bool_]
    """Which of them are new keys."""
    before: Rows
    """What the changed ones were, in the same order."""
    parent: Profile
    """Of the parent; of no rows for a first commit."""
    profile: Profile
    """Of the incoming rows."""
    after: Profile
    """Of the version that it would be."""
    held_out: Sequence[HeldOut]
    """Texts of eval cases."""
    parent_ids: Callable[[NDArray[np.uint64]], set[int]]
    """Which of these beginnings of contents stand in rows of the parent that stay."""
    gates: DatasetGates
    now_us: int


def answer(
    gate: str,
    action: OnFailure,
    reason: str,
    *,
    failed: bool,
    column: str | None = None,
    rows: int = 0,
    keys: Iterable[Any] = (),
) -> DatasetCheck:
    """The answer of a gate; a failure that only warns is a warning."""
    verdict: CheckVerdict = "pass"
    if failed:
        verdict = "fail" if action == "refuse" else "warn"
    some = tuple(str(key) for key, _ in zip(keys, range(MOST_KEYS), strict=False))
    return DatasetCheck(gate=gate, verdict=verdict, reason=reason, column=column, rows=rows, keys=some)


def unsure(gate: str, reason: str, *, column: str | None = None, rows: int = 0) -> DatasetCheck:
    """Too few rows to tell."""
    return DatasetCheck(gate=gate, verdict="inconclusive", reason=reason, column=column, rows=rows)


def cell_codes(column: Column | None, rows: int) -> NDArray[np.int8]:
    """Whether each value is missing, null, an empty text, or something else."""
    import numpy as np
    import pyarrow.compute as pc

    codes = np.full(rows, MISSING if column is None else VALUE, dtype=np.int8)
    if column is None:
        return codes
    if column.type == "any":
        plain = python_values(column)
        told = [
            MISSING if is_missing(v) else NULL if v is None else EMPTY if v == "" else VALUE for v in plain
        ]
        return np.array(told, dtype=np.int8)
    codes[column.values.is_null().to_numpy(zero_copy_only=False)] = NULL
    if column.type == "text":
        empty = pc.fill_null(pc.equal(column.values, ""), False)
        codes[empty.to_numpy(zero_copy_only=False)] = EMPTY
    if column.missing is not None:
        codes[column.missing.to_numpy(zero_copy_only=False)] = MISSING
    return codes


def keys_at(rows: Rows, places: Any) -> list[str]:
    """Keys of the first few of these rows."""
    import numpy as np

    at = np.asarray(places)[:MOST_KEYS]
    return [str(rows.keys[int(place)].as_py()) for place in at]
