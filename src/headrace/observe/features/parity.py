"""Compares what calls see with what training rows would hold, at the time of the run that serves."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from headrace.errors import UsageError
from headrace.ledger import feature_runs
from headrace.observe.features.base import FeatureView, view_of
from headrace.observe.features.engine import opened
from headrace.observe.features.materialise import column_values
from headrace.observe.features.online.base import entity_id, entity_keys
from headrace.observe.features.parts import FeatureParts
from headrace.observe.features.pointintime import join, latest, read_requests
from headrace.observe.features.reading import Read, read_source
from headrace.observe.features.serving import canonical, get, shown
from headrace.observe.features.subjects import without_forgotten
from headrace.records.features import FeatureCheck, FeatureDifference
from headrace.records.times import rfc3339

_SHOWN = 20
_VECTOR = "vector"


def check(parts: FeatureParts, name: str, *, sample: int = 1000) -> FeatureCheck:
    """Compare entities of the source and of the online store, all of them or a sample.

    Raises NotFoundError, ConfigError, and UsageError where nothing was materialised yet.
    """
    view = view_of(parts.views, name)
    with parts.ledger.read() as conn:
        run = feature_runs.last(conn, name, "done")
    if run is None:
        raise UsageError(
            f"Nothing of feature view {name!r} is online yet.",
            hint=f"Run: headrace feature materialise {name}",
        )
    with opened() as connection:
        read = read_source(connection, view, parts.sources, list(view.columns))
        read = without_forgotten(view, read, parts.forgotten)
        entities = _sampled(parts, view, read, run.as_of_us, sample)
        asked = read_requests(connection, view, _requests(view, entities, run.as_of_us), time="at")
    offline = _offline(view, read, join(view, read, asked))
    differences: list[FeatureDifference] = []
    differing = 0
    for entity, expected in zip(entities, offline, strict=True):
        row = get(parts, name, entity_keys(entity, len(view.entity)), at_us=run.as_of_us)
        online = {"status": row.status, **row.values}
        wrong = [key for key, value in expected.items() if not _same(online[key], value)]
        differing += bool(wrong)
        differences += [
            FeatureDifference(entity=row.entity, feature=key, online=online[key], offline=expected[key])
            for key in wrong
        ]
    return FeatureCheck(
        view=name,
        as_of=rfc3339(run.as_of_us),
        entities=len(entities),
        differing=differing,
        differences=tuple(differences[:_SHOWN]),
    )


def _sampled(parts: FeatureParts, view: FeatureView, read: Read, at_us: int, most: int) -> list[str]:
    rows = read.rows.take(latest(read, at_us=at_us))
    keys = zip(*(rows[key].to_pylist() for key in read.keys), strict=True)
    found = sorted({entity_id(given) for given in keys} | parts.online.entities(view.name))
    return found if len(found) <= most else random.Random(at_us).sample(found, most)  # noqa: S311


def _requests(view: FeatureView, entities: Sequence[str], at_us: int) -> Any:
    import pyarrow as pa

    keys = [canonical(view, entity_keys(entity, len(view.entity))) for entity in entities]
    types = [pa.int64() if kind == "integer" else pa.string() for kind in view.key_types]
    columns = {name: pa.array([row[at] for row in keys], types[at]) for at, name in enumerate(view.entity)}
    at = pa.array([at_us] * len(entities), pa.int64()).cast(pa.timestamp("us", "UTC"))
    return pa.table({**columns, "at": at})


def _offline(view: FeatureView, read: Read, found: Any) -> list[Mapping[str, Any]]:
    columns = {name: _values(found[given], view.columns[name]) for name, given in read.values.items()}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    statuses = found["status"].to_pylist()
    return [{"status": status, **shown(view, row)} for status, row in zip(statuses, rows, strict=True)]


def _values(column: Any, kind: str) -> list[Any]:
    return list(column.to_pylist()) if kind == _VECTOR else column_values(column, kind)


def _same(online: Any, offline: Any) -> bool:
    nan = isinstance(online, float) and isinstance(offline, float) and online != online
    return bool(online == offline or (nan and offline != offline))
