"""What the values of a run look like, and whether they differ too much from those that serve."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headrace.observe.features.base import FeatureGates, FeatureView

if TYPE_CHECKING:
    from headrace.observe.features.reading import Read

_CLEAR = 3.0
"""Standard errors beyond which two shares differ by more than chance."""

Profile = Mapping[str, Any]
"""`rows`, `entities`, `missing_keys` and `columns`: name to type, unreadable, nulls, empty, low, high."""


def profile_of(view: FeatureView, read: Read, latest: Any, *, source_rows: int) -> dict[str, Any]:
    """The profile of a source and of the rows of it that would serve; it holds no text of anybody."""
    import pyarrow.compute as pc

    lacking = pc.is_null(read.rows["event_us"])
    for key in read.keys:
        lacking = pc.or_(lacking, pc.is_null(read.rows[key]))
    columns = {
        name: {
            "type": read.types[name],
            "unreadable": read.unreadable.get(name, 0),
            **_column(latest[given], view.columns[name]),
        }
        for name, given in read.values.items()
    }
    return {
        "rows": source_rows,
        "entities": len(latest),
        "missing_keys": int(pc.sum(lacking).as_py() or 0),
        "columns": columns,
    }


def _column(values: Any, kind: str) -> dict[str, Any]:
    import pyarrow.compute as pc

    found: dict[str, Any] = {"nulls": values.null_count}
    if kind == "string":
        found["empty"] = int(pc.sum(pc.equal(values, "")).as_py() or 0)
    if kind in ("integer", "number"):
        finite = pc.filter(values, pc.is_finite(values))
        bounds = pc.min_max(finite).as_py()
        found |= {"low": bounds["min"], "high": bounds["max"]}
        found["not_finite"] = len(values) - values.null_count - len(finite)
    if kind == "vector":
        lengths = pc.min_max(pc.list_value_length(values)).as_py()
        found |= {"shortest": lengths["min"], "longest": lengths["max"]}
    return found


def judge(
    now: Profile, before: Profile | None, gates: FeatureGates, *, vanished: int = 0, serving: int = 0
) -> list[str]:
    """Why a run has to wait for a decision; nothing where it may serve."""
    reasons = []
    if now["missing_keys"] > gates.missing_keys * max(1, now["rows"]):
        reasons.append(f"{now['missing_keys']} of {now['rows']} rows lack a key or an event time")
    for name, column in now["columns"].items():
        if column["unreadable"]:
            reasons.append(f"{name}: values that are not of the declared type: {column['unreadable']}")
        if column.get("not_finite"):
            reasons.append(f"{name}: values that are infinite or no number: {column['not_finite']}")
        if column.get("shortest") != column.get("longest"):
            reasons.append(f"{name}: vectors of {column['shortest']} to {column['longest']} numbers")
    if serving and vanished > gates.vanished * serving:
        reasons.append(f"{vanished} of the {serving} entities that serve are gone from the source")
    if before is None:
        return reasons
    if now["rows"] < (1 - gates.row_drop) * before["rows"]:
        reasons.append(f"the source has {now['rows']} rows, where it had {before['rows']}")
    counts = now["entities"], before["entities"]
    for name, column in now["columns"].items():
        former = before["columns"].get(name)
        if former is not None:
            reasons += [f"{name}: {reason}" for reason in _changes(column, former, counts, gates)]
    return reasons


def _changes(now: Profile, before: Profile, counts: tuple[int, int], gates: FeatureGates) -> list[str]:
    reasons = []
    if now["type"] != before["type"]:
        reasons.append(f"the source has it as {now['type']}, it was {before['type']}")
    moved = {
        key: _jump(now[key], before[key], counts)
        for key in ("nulls", "empty")
        if key in now and key in before
    }
    nulls, empty = moved.get("nulls", 0.0), moved.get("empty", 0.0)
    if nulls * empty < 0 and min(abs(nulls), abs(empty)) > gates.null_jump / 2:
        flipped = "nulls became empty strings" if empty > 0 else "empty strings became nulls"
        reasons.append(f"{flipped} ({abs(empty):.0%} of entities)")
    else:
        for key, words in (("nulls", "null"), ("empty", "an empty string")):
            if moved.get(key, 0.0) > gates.null_jump:
                share, former = now[key] / counts[0], before[key] / max(1, counts[1])
                reasons.append(f"{share:.0%} of entities have {words}, {former:.0%} had")
    if _outgrown(now, before, gates.range_factor):
        reasons.append(
            f"it ranges from {now['low']} to {now['high']}, it was {before['low']} to {before['high']}"
        )
    for key in ("shortest", "longest"):
        if now.get(key) != before.get(key) and None not in (now.get(key), before.get(key)):
            reasons.append(f"vectors have {now[key]} numbers, they had {before[key]}")
            break
    return reasons


def _jump(now: int, before: int, counts: tuple[int, int]) -> float:
    """By how much a share changed; 0 where that may be chance."""
    if not all(counts):
        return 0.0
    share, former = now / counts[0], before / counts[1]
    pooled = (now + before) / sum(counts)
    error = math.sqrt(pooled * (1 - pooled) * (1 / counts[0] + 1 / counts[1]))
    return share - former if abs(share - former) > _CLEAR * error else 0.0


def _outgrown(now: Profile, before: Profile, factor: float) -> bool:
    low, high, was_low, was_high = (found.get(key) for found in (now, before) for key in ("low", "high"))
    if low is None or high is None or was_low is None or was_high is None:
        return False
    width = max(was_high - was_low, abs(was_high), abs(was_low))
    return bool(high - was_high > (factor - 1) * width or was_low - low > (factor - 1) * width)
