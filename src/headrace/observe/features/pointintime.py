"""Finds for each request the row that held at its time, among those that were known by then.

A row can be seen from `avail`, the later of its event time and its known time. Of the rows that can be
seen the one with the latest (event time, known time) counts, and of equals the last of the source. A row
that is not the latest when it becomes visible never is: without such rows the question is one binary
search of (entity, time) in (entity, avail).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from headrace.observe.features.base import FeatureView
from headrace.observe.features.engine import SQL_TYPES, arrow, quoted, time_us
from headrace.observe.features.keys import codes
from headrace.observe.features.reading import Read

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

_MOST = 2**62


def read_requests(connection: duckdb.DuckDBPyConnection, view: FeatureView, table: Any, *, time: str) -> Any:
    """An Arrow table k0…, at_us of an Arrow table of requests; what is no key or time becomes null."""
    connection.register("given", table)
    taken = [
        f"TRY_CAST({quoted(name)} AS {SQL_TYPES[kind]}) AS k{at}"
        for at, (name, kind) in enumerate(zip(view.entity, view.key_types, strict=True))
    ]
    query = f"SELECT {', '.join(taken)}, {time_us(quoted(time))} AS at_us FROM given"  # noqa: S608
    return arrow(connection, query).combine_chunks()


def join(view: FeatureView, read: Read, requests: Any, *, known_us: int | None = None) -> Any:
    """An Arrow table of one row for each request, in their order.

    Columns are those of the features (v0…), `status`, `event_us` and `known_us`; values are null unless the
    status is ok. With `known_us` everything known by then counts whenever it was learnt, and nothing else.
    """
    import pyarrow as pa

    found = find(read, requests, known_us=known_us)
    there = found >= 0
    times = {
        name: _taken(read.rows[name].fill_null(0).to_numpy(), found) for name in ("event_us", "known_us")
    }
    fresh = there
    if view.ttl_us is not None:
        at = requests["at_us"].fill_null(0).to_numpy()
        fresh = there & (times["event_us"] + view.ttl_us >= at)
    rows = read.rows.select(list(read.values.values())).take(pa.array(found, mask=~fresh))
    statuses = pa.array(["missing", "expired", "ok"])
    columns = {given: rows[given] for given in read.values.values()}
    columns["status"] = statuses.take(pa.array(there.astype(np.int8) + fresh))
    return pa.table(columns | {name: pa.array(values, mask=~there) for name, values in times.items()})


def find(read: Read, requests: Any, *, known_us: int | None = None) -> NDArray[np.int64]:
    """The position of the row that each request sees, or -1."""
    known, asked, count = codes([read.rows[key] for key in read.keys], [requests[key] for key in read.keys])
    event = read.rows["event_us"].fill_null(0).to_numpy()
    learnt = read.rows["known_us"].fill_null(0).to_numpy()
    usable = known >= 0
    for column in ("event_us", "known_us"):
        if read.rows[column].null_count:
            usable &= read.rows[column].is_valid().to_numpy(zero_copy_only=False)
    if known_us is not None:
        usable &= learnt <= known_us
    position = np.flatnonzero(usable) if not usable.all() else np.arange(len(known))
    known, event, learnt = known[position], event[position], learnt[position]
    avail = event if known_us is not None else np.maximum(event, learnt)
    order, avail = _standing(known, avail, event, learnt)
    at = requests["at_us"].fill_null(0).to_numpy()
    valid = (asked >= 0) & requests["at_us"].is_valid().to_numpy(zero_copy_only=False)
    found = _search(known[order], avail, asked, at, count)
    found = np.where(valid & (found >= 0), found, -1)
    return np.where(found >= 0, position[order][found] if len(order) else -1, -1)


def latest(read: Read, *, at_us: int) -> NDArray[np.int64]:
    """The positions of the rows that requests for every entity at a time would find."""
    import pyarrow as pa

    keys = read.rows.select(list(read.keys)).group_by(list(read.keys)).aggregate([])
    requests = keys.append_column("at_us", pa.array(np.full(len(keys), at_us, dtype=np.int64)))
    found = find(read, requests.combine_chunks())
    return found[found >= 0]


def _standing(
    code: NDArray[np.int64],
    avail: NDArray[np.int64],
    event: NDArray[np.int64],
    learnt: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that ever count, by (entity, avail) with the latest of equals last, and their avail."""
    if np.array_equal(event, learnt) or not len(code):
        order = _by_entity(code, avail)
    else:
        placed = _by_entity(code, event)
        same = (np.diff(code[placed]) == 0) & (np.diff(event[placed]) == 0)
        if np.any(same & (np.diff(learnt[placed]) < 0)):
            placed = np.lexsort((learnt, event, code))
        place = np.empty(len(code), dtype=np.int64)
        place[placed] = np.arange(len(code))
        order = _by_entity(code, avail)
        # The entity leads in both orders, so the highest place so far never comes from another one.
        order = order[place[order] == np.maximum.accumulate(place[order])]
    return order, avail[order]


def _by_entity(code: NDArray[np.int64], avail: NDArray[np.int64]) -> NDArray[np.int64]:
    """A stable order by entity, then time."""
    if not len(code):
        return np.zeros(0, dtype=np.int64)
    low, width = int(avail.min()), int(avail.max()) - int(avail.min()) + 1
    if (int(code.max()) + 1) * width < _MOST:
        return np.argsort(code * width + (avail - low), kind="stable")
    return np.lexsort((avail, code))


def _search(
    code: NDArray[np.int64],
    avail: NDArray[np.int64],
    asked: NDArray[np.int64],
    at: NDArray[np.int64],
    count: int,
) -> NDArray[np.int64]:
    """For each request the last row of its entity with avail at or before its time, or -1."""
    if not len(code):
        return np.full(len(asked), -1, dtype=np.int64)
    low, high = int(avail.min()), int(avail.max())
    width = high - low + 1
    if (count + 1) * width < _MOST:
        place, when = avail - low, np.clip(at, low, high) - low
    else:  # microseconds of years times many entities: count the distinct times instead
        times = np.unique(avail)
        width = len(times) + 1
        place = np.searchsorted(times, avail)
        when = np.maximum(np.searchsorted(times, at, side="right") - 1, 0)
    target = asked * width + when
    order = np.argsort(target)  # neighbours in memory are found several times faster
    found = np.empty(len(asked), dtype=np.int64)
    found[order] = np.searchsorted(code * width + place, target[order], side="right") - 1
    hit = (found >= 0) & (at >= low)
    hit &= code[np.maximum(found, 0)] == asked
    return np.where(hit, found, -1)


def _taken(values: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.int64]:
    return values[np.maximum(found, 0)] if len(values) else np.zeros(len(found), dtype=np.int64)
