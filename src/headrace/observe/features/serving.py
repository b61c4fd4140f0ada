"""Reads features as calls see them: by one look into the online store."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from headrace.errors import UsageError
from headrace.infer.prompts.features import FeatureValue
from headrace.observe.features.base import FeatureView, selected, view_of
from headrace.observe.features.online.base import entity_id, unpacked
from headrace.observe.features.parts import FeatureParts
from headrace.records.features import FeatureRow, FeatureStatus
from headrace.records.times import rfc3339_exact


def get(parts: FeatureParts, name: str, keys: Sequence[Any], *, at_us: int | None = None) -> FeatureRow:
    """The values of one entity; null unless the status is ok. Raises NotFoundError, UsageError."""
    view = view_of(parts.views, name)
    given = canonical(view, keys)
    found = parts.online.read(name, entity_id(given))
    entity = dict(zip(view.entity, map(str, given), strict=True))
    nothing = dict.fromkeys(view.columns)
    if found is None:
        return FeatureRow(
            view=name, entity=entity, status="missing", values=nothing, event_time=None, known_time=None
        )
    now = time.time_ns() // 1000 if at_us is None else at_us
    status: FeatureStatus = "ok"
    if view.ttl_us is not None and found.event_us + view.ttl_us < now:
        status = "expired"
    try:
        values = unpacked(found.body, view) if status == "ok" else nothing
    except KeyError:  # the view has a column since, and nothing was materialised with it
        status, values = "missing", nothing
    return FeatureRow(
        view=name,
        entity=entity,
        status=status,
        values=shown(view, values),
        event_time=rfc3339_exact(found.event_us),
        known_time=rfc3339_exact(found.known_us),
    )


def canonical(view: FeatureView, keys: Sequence[Any]) -> list[Any]:
    """Keys in their declared types. Raises UsageError."""
    if len(keys) != len(view.entity):
        raise UsageError(
            f"Feature view {view.name!r} has the key columns {', '.join(view.entity)}: "
            f"{len(view.entity)} keys, not {len(keys)}."
        )
    read = []
    for column, kind, key in zip(view.entity, view.key_types, keys, strict=True):
        try:
            read.append(int(key) if kind == "integer" else str(key))
        except (TypeError, ValueError):
            raise UsageError(f"{key!r} is no whole number, as {column!r} needs.") from None
    return read


def shown(view: FeatureView, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as every door shows them: times as text."""
    return {
        name: rfc3339_exact(value) if value is not None and view.columns[name] == "datetime" else value
        for name, value in values.items()
    }


class OnlineReader:
    """The features of prompts (`infer.prompts.features.FeatureReader`), from the online store."""

    def __init__(self, parts: FeatureParts) -> None:
        self._parts = parts

    def get(self, names: Sequence[str], entity: Mapping[str, Any]) -> dict[str, Any]:
        """Name to value; one read for each view. Raises NotFoundError, UsageError for a missing key."""
        return {name: found.value for name, found in self.read(names, entity).items()}

    def read(self, names: Sequence[str], entity: Mapping[str, Any]) -> dict[str, FeatureValue]:
        """The same with status and event time."""
        rows = {}
        for view in selected(self._parts.views, names):
            columns = view_of(self._parts.views, view).entity
            missing = [column for column in columns if column not in entity]
            if missing:
                raise UsageError(f"Feature view {view!r} needs the key {missing[0]!r} of the entity.")
            rows[view] = get(self._parts, view, [entity[column] for column in columns])
        found = {}
        for name in names:
            view, _, column = name.strip().partition(":")
            row = rows[view]
            value = row.values[column] if column else dict(row.values)
            found[name] = FeatureValue(value=value, status=row.status, event_time=row.event_time)
        return found
