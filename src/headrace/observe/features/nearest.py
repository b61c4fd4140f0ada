"""Finds the entities whose vector is nearest to another's: every one is compared, so nothing is missed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headrace.errors import NotFoundError, UsageError
from headrace.observe.features.base import FeatureView, split_name, view_of
from headrace.observe.features.engine import opened
from headrace.observe.features.parts import FeatureParts
from headrace.observe.features.pointintime import latest
from headrace.observe.features.reading import Read, read_source
from headrace.observe.features.serving import canonical
from headrace.observe.features.subjects import without_forgotten
from headrace.records.features import FeatureMatch, FeatureMatches
from headrace.records.times import rfc3339_exact

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_VECTOR = "vector"


def nearest(
    parts: FeatureParts,
    name: str,
    *,
    like: Sequence[Any] | None = None,
    vector: Sequence[float] | None = None,
    k: int = 10,
) -> FeatureMatches:
    """The k entities whose vectors have the largest cosine with that of `like`, or with `vector`.

    Values are those that a run would put online now: the newest of each entity within its time to live. An
    entity is not like itself. Vectors of another length, and those of zeros, are not compared. Raises
    NotFoundError, ConfigError, UsageError.
    """
    view, column = _column(parts, name)
    if (like is None) == (vector is None):
        raise UsageError("What is looked for?", hint="Name an entity, or give a vector: one of the two.")
    now_us = time.time_ns() // 1000
    with opened() as connection:
        read = read_source(connection, view, parts.sources, [column])
    read = without_forgotten(view, read, parts.forgotten)
    rows = read.rows.take(latest(read, at_us=now_us))
    rows = rows.filter(_counting(view, read, column, rows, now_us))
    keys = [tuple(found) for found in zip(*(rows[key].to_pylist() for key in read.keys), strict=True)]
    values = rows[read.values[column]].to_pylist()
    wanted = None if like is None else tuple(canonical(view, like))
    query = _query(view, column, vector, dict(zip(keys, values, strict=True)), wanted)
    places = [place for place, value in enumerate(values) if len(value) == len(query) and any(value)]
    places = [place for place in places if keys[place] != wanted]
    times = rows["event_us"].to_pylist()
    return FeatureMatches(
        view=view.name,
        column=column,
        compared=len(places),
        matches=tuple(
            FeatureMatch(
                entity=dict(zip(view.entity, map(str, keys[place]), strict=True)),
                similarity=round(similarity, 6),
                event_time=rfc3339_exact(times[place]),
            )
            for place, similarity in _best(query, [values[place] for place in places], places, k)
        ),
    )


def _column(parts: FeatureParts, name: str) -> tuple[FeatureView, str]:
    view_name, column = split_name(name)
    view = view_of(parts.views, view_name)
    vectors = [item for item, kind in view.columns.items() if kind == _VECTOR]
    if column not in vectors:
        known = ", ".join(f"{view.name}:{item}" for item in vectors) or "none: no column has the type vector"
        raise UsageError(f"{name!r} is no vector of feature view {view.name!r}.", hint=f"There is {known}.")
    return view, column


def _counting(view: FeatureView, read: Read, column: str, rows: Any, now_us: int) -> Any:
    """Rows with a vector that still counts."""
    import pyarrow.compute as pc

    there = pc.is_valid(rows[read.values[column]])
    if view.ttl_us is None:
        return there
    return pc.and_(there, pc.greater_equal(rows["event_us"], now_us - view.ttl_us))


def _query(
    view: FeatureView,
    column: str,
    vector: Sequence[float] | None,
    known: dict[tuple[Any, ...], Sequence[float]],
    wanted: tuple[Any, ...] | None,
) -> Sequence[float]:
    found = vector if wanted is None else known.get(wanted)
    if found is None:
        named = ", ".join(map(str, wanted or ()))
        raise NotFoundError(f"{view.name}:{column} of entity", named, hint="It has no vector that counts.")
    if not any(found):
        raise UsageError("The vector has no direction: it is empty, or all zeros.")
    return found


def _best(
    query: Sequence[float], values: Sequence[Sequence[float]], places: Sequence[int], k: int
) -> list[tuple[int, float]]:
    import numpy as np

    if not values:
        return []
    matrix: NDArray[np.float32] = np.asarray(values, dtype=np.float32)
    asked = np.asarray(query, dtype=np.float32)
    cosines = matrix @ asked / (np.linalg.norm(matrix, axis=1) * np.linalg.norm(asked))
    order = np.argsort(-cosines, kind="stable")[:k]
    return [(places[place], float(cosines[place])) for place in order.tolist()]
