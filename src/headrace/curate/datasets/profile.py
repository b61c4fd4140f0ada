"""What rows are like, as counts that can be added and taken away: a commit looks at what changed alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from headrace.curate.datasets.columns import Column, Rows, is_missing, python_values
from headrace.curate.datasets.values import kind_of, to_json
from headrace.records.datasets import ColumnProfile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Profile = dict[str, Any]

MOST_CATEGORIES = 64
_LONGEST_CATEGORY = 64
_PER_DOUBLING = 8
_MIDDLE = 9_000


def nothing() -> Profile:
    """The profile of no rows."""
    return {"rows": 0, "subjects": 0, "depths": {}, "producers": {}, "columns": {}}


def of(rows: Rows) -> Profile:
    """The profile of some rows."""
    depths = Counter(map(str, rows.depths.to_pylist()))
    return {
        "rows": len(rows),
        "subjects": len(rows) - rows.subjects.null_count,
        "depths": dict(depths),
        "producers": _producers(rows),
        "columns": {column.name: _column(column) for column in rows.columns},
    }


def combined(a: Profile, b: Profile, *, sign: int = 1) -> Profile:
    """The profile of both together; with a sign of -1 that of `a` without `b`."""
    rows = a["rows"] + sign * b["rows"]
    names = sorted({*a["columns"], *b["columns"]})
    columns = {}
    for name in names:
        here = a["columns"].get(name) or _lacking(a["rows"])
        there = b["columns"].get(name) or _lacking(b["rows"])
        made = _combined_column(here, there, sign)
        if any(kind != "missing" for kind in made["kinds"]):
            columns[name] = made
    return {
        "rows": rows,
        "subjects": a["subjects"] + sign * b["subjects"],
        "depths": _sum(a["depths"], b["depths"], sign),
        "producers": _sum(a["producers"], b["producers"], sign),
        "columns": columns,
    }


def schema_of(profile: Profile) -> dict[str, list[str]]:
    """Column to the kinds of its values."""
    return {name: sorted(column["kinds"]) for name, column in sorted(profile["columns"].items())}


def column_report(name: str, column: Mapping[str, Any]) -> ColumnProfile:
    """The profile of a column as people read it."""
    numbers = sorted(map(int, column["bins"]))
    return ColumnProfile(
        column=name,
        kinds=dict(column["kinds"]),
        empty=column["empty"],
        nan=column["nan"],
        minimum=edge(numbers[0]) if numbers else None,
        maximum=edge(numbers[-1]) if numbers else None,
        categories=_telling(column["values"] or {}),
    )


def _telling(values: Mapping[str, int]) -> dict[str, int]:
    """Values by their frequency, unless most of them are there once."""
    if sum(values.values()) < 2 * len(values):
        return {}
    return dict(sorted(values.items(), key=lambda item: (-item[1], item[0])))


def edge(number: int) -> float:
    """The number of a bin that is nearest to zero, rounded to three digits."""
    if number == 0:
        return 0.0
    size = 2.0 ** ((abs(number) - _MIDDLE) / _PER_DOUBLING)
    return float(f"{size if number > 0 else -size:.3g}")


def bins_of(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Bins of numbers: eight to each doubling of their size, on either side of zero."""
    import numpy as np

    with np.errstate(divide="ignore"):
        size = np.log2(np.abs(values)) * _PER_DOUBLING
    inside = np.clip(np.floor(size + 1e-9), 1 - _MIDDLE, _MIDDLE).astype(np.int64) + _MIDDLE
    return np.where(values == 0, 0, np.sign(values).astype(np.int64) * inside)


def _column(column: Column) -> dict[str, Any]:
    import pyarrow.compute as pc

    if column.type == "any":
        return _mixed(column)
    rows = len(column.values)
    missing = 0 if column.missing is None else int(column.missing.true_count)
    valid = rows - column.values.null_count
    kinds = {column.type: valid, "null": rows - valid - missing, "missing": missing}
    present = column.values.drop_null()
    empty = nan = 0
    if column.type == "text":
        lengths = pc.utf8_length(present).to_numpy(zero_copy_only=False)
        empty, bins = int((lengths == 0).sum()), _counted(lengths.astype(float))
    elif column.type in ("int", "float"):
        numbers = present.to_numpy(zero_copy_only=False).astype(float)
        nan = int((numbers != numbers).sum())
        bins = _counted(numbers[numbers == numbers])
    else:
        bins = {}
    return {
        "kinds": {kind: count for kind, count in kinds.items() if count},
        "empty": empty,
        "nan": nan,
        "bins": bins,
        "values": _categories(present) if column.type in ("text", "bool", "int") else None,
    }


def _mixed(column: Column) -> dict[str, Any]:
    import numpy as np

    kinds: Counter[str] = Counter()
    values: Counter[str] | None = Counter()
    numbers: list[float] = []
    empty = nan = 0
    for value in python_values(column):
        kind = "missing" if is_missing(value) else kind_of(value)
        kinds[kind] += 1
        empty += kind == "text" and not value
        nan += kind == "float" and value != value
        if kind in ("int", "float") and value == value and abs(value) < 1e300:
            numbers.append(float(value))
        if kind == "text":
            numbers.append(float(len(value)))
        if kind not in ("missing", "null") and values is not None:
            values[json.dumps(to_json(value), sort_keys=True)[: _LONGEST_CATEGORY + 1]] += 1
            if len(values) > MOST_CATEGORIES:
                values = None
    return {
        "kinds": dict(kinds),
        "empty": int(empty),
        "nan": int(nan),
        "bins": _counted(np.array(numbers, dtype=float)),
        "values": None
        if values is None or any(len(key) > _LONGEST_CATEGORY for key in values)
        else dict(values),
    }


def _categories(present: Any) -> dict[str, int] | None:
    import pyarrow.compute as pc

    if len(present) > 4 * MOST_CATEGORIES:
        some = present.slice(0, 4 * MOST_CATEGORIES)
        if len(pc.unique(some)) > MOST_CATEGORIES:
            return None
    counted = pc.value_counts(present)
    if len(counted) > MOST_CATEGORIES:
        return None
    plain = [(item["values"], item["counts"]) for item in counted.to_pylist()]
    if any(isinstance(value, str) and len(value) > _LONGEST_CATEGORY for value, _ in plain):
        return None
    return {json.dumps(value): count for value, count in plain}


def _counted(numbers: NDArray[np.float64]) -> dict[str, int]:
    import numpy as np

    found, counts = np.unique(bins_of(numbers), return_counts=True)
    return {str(number): count for number, count in zip(found.tolist(), counts.tolist(), strict=True)}


def _producers(rows: Rows) -> dict[str, int]:
    import pyarrow.compute as pc

    made: Counter[str] = Counter()
    counted = pc.value_counts(rows.provenance)
    for item in counted.to_pylist():
        if not item["values"] or "transformations" not in item["values"]:
            continue
        steps = json.loads(item["values"]).get("transformations") or ()
        for step in {producer_name(step) for step in steps}:
            made[step] += item["counts"]
    return dict(made)


def producer_name(step: Any) -> str:
    """`name@version` of a transformation."""
    if not isinstance(step, Mapping):
        return str(step)
    return f"{step.get('name', '?')}@{step.get('version', '?')}"


def _lacking(rows: int) -> dict[str, Any]:
    return {"kinds": {"missing": rows} if rows else {}, "empty": 0, "nan": 0, "bins": {}, "values": {}}


def _combined_column(a: Mapping[str, Any], b: Mapping[str, Any], sign: int) -> dict[str, Any]:
    values = None
    if a["values"] is not None and (b["values"] is not None or sign < 0):
        values = _sum(a["values"], b["values"] or {}, sign)
        if len(values) > MOST_CATEGORIES:
            values = None
    return {
        "kinds": _sum(a["kinds"], b["kinds"], sign),
        "empty": a["empty"] + sign * b["empty"],
        "nan": a["nan"] + sign * b["nan"],
        "bins": _sum(a["bins"], b["bins"], sign),
        "values": values,
    }


def _sum(a: Mapping[str, int], b: Mapping[str, int], sign: int) -> dict[str, int]:
    total = {name: a.get(name, 0) + sign * b.get(name, 0) for name in (*a, *b)}
    return {name: count for name, count in total.items() if count > 0}


def total(profiles: Iterable[Profile]) -> Profile:
    """The profile of all of them."""
    made = nothing()
    for profile in profiles:
        made = combined(made, profile)
    return made
