"""Puts the values that hold now into the online store, unless they look wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from headrace.ledger import feature_runs, leases
from headrace.ledger.failpoints import declare, fire
from headrace.observe.features.base import FeatureView, view_of
from headrace.observe.features.engine import opened
from headrace.observe.features.online.base import OnlineRow, entity_id, packed
from headrace.observe.features.parts import FeatureParts
from headrace.observe.features.pointintime import latest
from headrace.observe.features.profile import judge, profile_of
from headrace.observe.features.reading import Read, read_source
from headrace.observe.features.subjects import without_forgotten
from headrace.records.features import FeatureRun
from headrace.records.times import rfc3339

if TYPE_CHECKING:
    from headrace.ledger.feature_runs import Run

_BEGUN = declare("feature.begun")
_BEFORE_DONE = declare("feature.before_done")
_ROWS = 5_000


def materialise(
    parts: FeatureParts, name: str, *, confirm: bool = False, rebuild: bool = False
) -> FeatureRun:
    """Read a source and put the newest row of each entity online.

    A run that a gate holds back writes nothing, what served goes on serving; `confirm` lets it through.
    `rebuild` lets rows go back to older ones, where a source took some back. Raises NotFoundError,
    ConfigError, UsageError, LeaseHeld, StorageError.
    """
    view = view_of(parts.views, name)
    with leases.held(parts.ledger, f"feature/{name}"):
        as_of_us = time.time_ns() // 1000
        with opened() as connection:
            read = read_source(connection, view, parts.sources, list(view.columns))
        source_rows = len(read.rows)
        read = without_forgotten(view, read, parts.forgotten)
        rows = read.rows.take(latest(read, at_us=as_of_us))
        profile = profile_of(view, read, rows, source_rows=source_rows)
        entities = list(_entities(read, rows))
        reasons = _judged(parts, view, profile, entities)
        held = bool(reasons) and not confirm
        run = parts.ledger.write(
            lambda tx: feature_runs.begin(
                tx,
                name,
                digest=view.digest,
                as_of_us=as_of_us,
                actor=parts.actor,
                profile=profile,
                reasons=reasons,
                state="held" if held else "running",
            )
        )
        if held:
            return report(run)
        fire(_BEGUN)
        done = parts.online.write(name, _batches(view, read, rows, entities), replace=rebuild)
        gone = parts.forgotten(lambda: _subjects(view, read, rows))
        if gone:  # forgotten since the source was read
            parts.online.erase(sorted(gone))
        fire(_BEFORE_DONE)
        parts.ledger.write(
            lambda tx: feature_runs.finish(tx, run.id, written=done.written, removed=done.removed)
        )
    return report(run._replace(state="done", written=done.written, removed=done.removed))


def report(run: Run) -> FeatureRun:
    """A run as every door shows it."""
    return FeatureRun(
        view=run.view,
        run=run.id,
        state=run.state,
        as_of=rfc3339(run.as_of_us),
        rows=run.profile["rows"],
        entities=run.profile["entities"],
        written=run.written,
        removed=run.removed,
        reasons=tuple(run.reasons),
        profile=run.profile,
    )


def _judged(
    parts: FeatureParts, view: FeatureView, profile: dict[str, Any], entities: Sequence[str]
) -> list[str]:
    with parts.ledger.read() as conn:
        before = feature_runs.last(conn, view.name, "done")
    serving = parts.online.entities(view.name)
    return judge(
        profile,
        None if before is None else before.profile,
        view.gates,
        vanished=len(serving.difference(entities)),
        serving=len(serving),
    )


def _entities(read: Read, rows: Any) -> Iterator[str]:
    return map(entity_id, zip(*(rows[key].to_pylist() for key in read.keys), strict=True))


def _subjects(view: FeatureView, read: Read, rows: Any) -> list[str]:
    return list(map(str, rows[read.keys[view.subject_position]].to_pylist()))


def _batches(view: FeatureView, read: Read, rows: Any, entities: Sequence[str]) -> Iterator[list[OnlineRow]]:
    subject = read.keys[view.subject_position]
    for start in range(0, len(rows), _ROWS):
        part = rows.slice(start, _ROWS)
        values = [column_values(part[given], view.columns[name]) for name, given in read.values.items()]
        bodies = (packed(dict(zip(read.values, row, strict=True))) for row in zip(*values, strict=True))
        subjects = map(str, part[subject].to_pylist())
        times = part["event_us"].to_pylist(), part["known_us"].to_pylist()
        given = zip(entities[start : start + _ROWS], subjects, *times, bodies, strict=True)
        yield [OnlineRow(*row) for row in given]


def column_values(column: Any, kind: str) -> list[Any]:
    """The values of an Arrow column as the online store keeps them."""
    import pyarrow as pa

    if kind == "datetime":
        return list(column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist())
    if kind == "vector":
        import numpy as np

        return [None if row is None else np.asarray(row, dtype="<f4").tobytes() for row in column.to_pylist()]
    return list(column.to_pylist())
