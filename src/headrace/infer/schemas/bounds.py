"""Changes of the keywords of a JSON Schema that bound a value: lengths, limits, patterns and the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from headrace.infer.schemas.meaning import equal

_LOWER = frozenset({"minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum", "minContains"})
_UPPER = frozenset({"maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum", "maxContains"})


class BoundChange(NamedTuple):
    """One keyword that changed."""

    breaking: bool
    reason: str


def compare_bounds(
    old: Mapping[str, Any], new: Mapping[str, Any], elsewhere: Collection[str]
) -> list[BoundChange]:
    """Changes of every keyword that is not compared elsewhere; those that begin with `x-` decide nothing."""
    names = sorted((set(old) | set(new)) - set(elsewhere))
    found = [_compare(name, old, new) for name in names if not name.startswith("x-")]
    return [change for change in found if change is not None]


def _compare(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> BoundChange | None:
    if name in old and name in new and equal(old[name], new[name]):
        return None
    if name in ("if", "then", "else"):
        return _conditional(name, old, new)
    if name not in new:
        # What bounds the effect of another keyword does not widen when it goes.
        return BoundChange(name == "minContains", f"`{name}` was dropped")
    if name == "uniqueItems" and new[name] is False:
        return BoundChange(False, f"`{name}` was dropped")
    if name not in old:
        return BoundChange(
            True, f"`{name}` {new[name]} was added" if _short(new[name]) else f"`{name}` was added"
        )
    before, after = old[name], new[name]
    looser = (name in _LOWER and after <= before) or (name in _UPPER and after >= before)
    short = f"`{name}` went from {before} to {after}" if _short(before, after) else f"`{name}` changed"
    return BoundChange(not looser, short)


def _conditional(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> BoundChange:
    dropped = not {"if", "then", "else"} & set(new)
    return BoundChange(
        not dropped, f"`{name}` {'was dropped' if dropped else 'changed, which is not compared'}"
    )


def _short(*values: Any) -> bool:
    return all(isinstance(value, int | float | str) and len(str(value)) < 60 for value in values)
