"""Columns that go, kinds of value that were never there, nulls that rise, and NULL that became ""."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.curate.datasets.gates.base import (
    EMPTY,
    MISSING,
    NULL,
    Incoming,
    answer,
    cell_codes,
    keys_at,
    unsure,
)
from headrace.records.datasets import DatasetCheck

SCHEMA, EMPTIES, CATEGORIES = "schema", "empty", "categories"
_WORDS = {NULL: "null", EMPTY: '""', MISSING: "missing"}
_FEW_ROWS = 20
_CATEGORY_ROWS = 5
"""Rows that each value of a column must have on average for the column to count as one of categories."""


def schema(incoming: Incoming) -> Iterator[DatasetCheck]:
    """Hold the columns of the new rows against those of the parent."""
    action, parent, new = incoming.gates.schema, incoming.parent, incoming.profile
    if action == "off" or not parent["rows"] or not new["rows"]:
        return
    failures = 0
    for name, column in parent["columns"].items():
        for check in _column(incoming, name, column, new["columns"].get(name)):
            failures += check.verdict in ("fail", "warn")
            yield check
    for name in sorted(set(new["columns"]) - set(parent["columns"])):
        yield answer(SCHEMA, "warn", f"{name!r} is a new column", failed=True, column=name, rows=new["rows"])
    if not failures:
        said = f"{len(parent['columns'])} columns as in the parent, in {new['rows']:,} new or changed rows"
        yield answer(SCHEMA, action, said, failed=False, rows=new["rows"])


def _column(
    incoming: Incoming, name: str, parent: Mapping[str, Any], new: Mapping[str, Any] | None
) -> Iterator[DatasetCheck]:
    action, rows = incoming.gates.schema, incoming.profile["rows"]
    kinds = new["kinds"] if new else {"missing": rows}
    before = _share(parent["kinds"], "missing", incoming.parent["rows"])
    if kinds.get("missing", 0) == rows and before < 1:
        said = (
            f"the column {name!r} is in no new or changed row; in the parent {before:.0%} of the rows lack it"
        )
        yield answer(SCHEMA, action, said, failed=True, column=name, rows=rows)
        return
    known = {kind for kind in parent["kinds"] if kind not in ("null", "missing")}
    fresh = sorted(kind for kind in kinds if kind not in (*known, "null", "missing"))
    if known and fresh:
        was, now = " or ".join(sorted(known)), " and ".join(fresh)
        count = sum(kinds[kind] for kind in fresh)
        said = f"{name!r} is {was} in the parent, and {now} in {count:,} of {rows:,} rows"
        places = [place for place, value in enumerate(_kinds(incoming, name)) if value in fresh]
        yield answer(
            SCHEMA, action, said, failed=True, column=name, rows=count, keys=keys_at(incoming.rows, places)
        )
    old_null = _share(parent["kinds"], "null", incoming.parent["rows"]) + before
    new_null = _share(kinds, "null", rows) + _share(kinds, "missing", rows)
    if new_null - old_null > incoming.gates.max_null_rise:
        said = f"{name!r} is null or missing in {new_null:.0%} of the rows, {old_null:.0%} in the parent"
        if rows < _FEW_ROWS:
            yield unsure(SCHEMA, f"{said}; {rows} rows are too few to tell", column=name, rows=rows)
        else:
            yield answer(SCHEMA, action, said, failed=True, column=name, rows=rows)


def _kinds(incoming: Incoming, name: str) -> list[str]:
    from headrace.curate.datasets.columns import is_missing, python_values
    from headrace.curate.datasets.values import kind_of

    column = incoming.rows.column(name)
    values = [] if column is None else python_values(column)
    return ["missing" if is_missing(value) else kind_of(value) for value in values]


def empties(incoming: Incoming) -> Iterator[DatasetCheck]:
    """Notice nulls that became empty texts, missing ones that became null, and the like, column by column."""
    import numpy as np

    action = incoming.gates.empty
    if action == "off":
        return
    changed = np.flatnonzero(~incoming.added)
    found = False
    for column in incoming.rows.columns:
        new = cell_codes(column, len(incoming.rows))
        old = cell_codes(incoming.before.column(column.name), len(incoming.before))
        for was, now in ((NULL, EMPTY), (EMPTY, NULL), (MISSING, EMPTY), (EMPTY, MISSING)):
            flipped = changed[(old == was) & (new[changed] == now)]
            if len(flipped):
                found = True
                said = (
                    f"{_WORDS[was]} became {_WORDS[now]} in the column {column.name!r}, in {len(flipped):,} "
                    f"of {len(changed):,} changed rows: a reader or writer on the way cannot tell them apart"
                )
                keys = keys_at(incoming.rows, flipped)
                yield answer(
                    EMPTIES, action, said, failed=True, column=column.name, rows=len(flipped), keys=keys
                )
        for check in _new_rows(incoming, column.name, new):
            found = True
            yield check
    if not found and incoming.parent["rows"]:
        said = f"no null became an empty text, nor the reverse, in {len(incoming.rows):,} rows"
        yield answer(EMPTIES, action, said, failed=False, rows=len(incoming.rows))


def _new_rows(incoming: Incoming, name: str, codes: Any) -> Iterator[DatasetCheck]:
    """Added rows that only know the empty text where the parent only knew null, or the reverse."""
    import numpy as np

    parent = incoming.parent["columns"].get(name)
    if parent is None:
        return
    nulls, empty = parent["kinds"].get("null", 0), parent["empty"]
    added = np.flatnonzero(incoming.added)
    for was, now, had, never in ((NULL, EMPTY, nulls, empty), (EMPTY, NULL, empty, nulls)):
        here = added[codes[added] == now]
        if had and not never and len(here) and not (codes[added] == was).any():
            said = (
                f"the column {name!r} has {_WORDS[now]} in {len(here):,} new rows and never {_WORDS[was]}; "
                f"the parent has {_WORDS[was]} {had:,} times and never {_WORDS[now]}"
            )
            yield answer(
                EMPTIES, incoming.gates.empty, said, failed=True, column=name, rows=len(here),
                keys=keys_at(incoming.rows, here),
            )  # fmt: skip


def categories(incoming: Incoming) -> Iterator[DatasetCheck]:
    """Name values that a column with few different values never had."""
    action = incoming.gates.categories
    if action == "off":
        return
    for name, column in incoming.parent["columns"].items():
        known, new = column["values"], (incoming.profile["columns"].get(name) or {}).get("values")
        if not known or sum(known.values()) < _CATEGORY_ROWS * len(known):
            continue
        found = incoming.profile["columns"].get(name)
        if found is not None and new is None:
            said = f"{name!r} has {len(known)} values in the parent, and very many in the new rows"
            yield answer(CATEGORIES, action, said, failed=True, column=name)
            continue
        fresh = sorted(set(new or {}) - set(known))
        if fresh:
            told = ", ".join(fresh[:5]) + (" …" if len(fresh) > 5 else "")
            count = sum((new or {})[value] for value in fresh)
            said = f"{name!r} has {len(fresh)} values that the parent never had: {told}"
            yield answer(CATEGORIES, action, said, failed=True, column=name, rows=count)


def _share(kinds: Mapping[str, int], kind: str, rows: int) -> float:
    return kinds.get(kind, 0) / rows if rows else 0.0
