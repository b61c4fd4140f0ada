"""The point-in-time join is what a look at every row would find."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.observe.features.engine import opened
from headrace.observe.features.pointintime import join, latest, read_requests
from headrace.observe.features.reading import Read, read_source
from tests.observe.features.views import EPOCH, at, sources, view

_TIMES = st.integers(0, 12) | st.integers(0, 12) | st.integers(0, 12) | st.none()
_ZONE = timezone(timedelta(hours=5, minutes=30))


class _Row(NamedTuple):
    key: str | None
    other: int | None
    event: int | None
    known: int | None
    value: int | None


class _Request(NamedTuple):
    key: str | None
    other: int | None
    time: int | None


# Most of them the same: entities with one row each would find nothing out.
_KEYS = st.sampled_from(["a"] * 9 + ["é", "", None])
_OTHERS = st.sampled_from([0] * 9 + [1, -(2**62), None])
_VALUES = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
_ROWS = st.lists(st.builds(_Row, _KEYS, _OTHERS, _TIMES, _TIMES, _VALUES), max_size=14)
_REQUESTS = st.lists(st.builds(_Request, _KEYS, _OTHERS, _TIMES), max_size=8)


@pytest.fixture(scope="module")
def duck() -> Iterator[Any]:
    with opened() as connection:
        yield connection


def _oracle(
    rows: list[_Row], request: _Request, *, ttl: int | None, as_known: int | None
) -> tuple[str, int | None, int | None]:
    """Looks at every row: status, value, event time."""
    best: tuple[int, int, int] | None = None
    for position, row in enumerate(rows):
        if None in (row.key, row.other, row.event, row.known, request.time):
            continue
        assert row.event is not None
        assert row.known is not None
        assert request.time is not None
        same = (row.key, row.other) == (request.key, request.other)
        learnt = row.known <= (request.time if as_known is None else as_known)
        if same and learnt and row.event <= request.time:
            best = max(best or (-1, -1, -1), (row.event, row.known, position))
    if best is None:
        return "missing", None, None
    assert request.time is not None
    if ttl is not None and best[0] + ttl < request.time:
        return "expired", None, best[0]
    return "ok", rows[best[2]].value, best[0]


def _time(value: int | None) -> datetime | None:
    return None if value is None else at(value)


def _source(rows: list[_Row]) -> pa.Table:
    stamp = pa.timestamp("us", "UTC")
    return pa.table(
        {
            "user": pa.array([row.key for row in rows], pa.string()),
            "shop": pa.array([row.other for row in rows], pa.int64()),
            "at": pa.array([_time(row.event) for row in rows], stamp),
            "known": pa.array([_time(row.known) for row in rows], stamp),
            "value": pa.array([row.value for row in rows], pa.int64()),
        }
    )


def _asked(requests: list[_Request], *, as_text: bool) -> pa.Table:
    times: Any = pa.array([_time(row.time) for row in requests], pa.timestamp("us", "UTC"))
    if as_text:  # the same moments as somebody in another zone writes them
        texts = [None if row.time is None else at(row.time).astimezone(_ZONE).isoformat() for row in requests]
        times = pa.array(texts, pa.string())
    return pa.table(
        {
            "user": pa.array([row.key for row in requests], pa.string()),
            "shop": pa.array([row.other for row in requests], pa.int64()),
            "at": times,
        }
    )


@settings(max_examples=60)
@given(
    rows=_ROWS,
    requests=_REQUESTS,
    ttl=st.one_of(st.none(), st.integers(0, 5)),
    as_known=st.one_of(st.none(), st.integers(0, 12)),
    as_text=st.booleans(),
)
def test_a_join_equals_a_look_at_every_row(
    duck: Any,
    rows: list[_Row],
    requests: list[_Request],
    ttl: int | None,
    as_known: int | None,
    as_text: bool,
) -> None:
    _compare(duck, rows, requests, ttl=ttl, as_known=as_known, as_text=as_text)


@pytest.mark.parametrize("seed", range(6))
def test_so_it_does_where_rows_are_many(duck: Any, seed: int) -> None:
    """Entities with dozens of rows, most of which were late, corrected or replaced."""
    random = Random(seed)

    def time() -> int | None:
        return random.randrange(40) if random.random() < 0.95 else None

    def entity() -> tuple[str, int]:
        return random.choice("abc"), random.randrange(2)

    rows = [_Row(*entity(), time(), time(), value) for value in range(250)]
    requests = [_Request(*entity(), time()) for _ in range(150)]
    ttl, as_known = (None, 9)[seed % 2], (None, None, 20)[seed % 3]
    _compare(duck, rows, requests, ttl=ttl, as_known=as_known, as_text=bool(seed % 2))


def _compare(
    duck: Any,
    rows: list[_Row],
    requests: list[_Request],
    *,
    ttl: int | None,
    as_known: int | None,
    as_text: bool,
) -> None:
    declared = view(entity=("user", "shop"), key_types=("string", "integer"), ttl_us=ttl)
    asked = read_requests(duck, declared, _asked(requests, as_text=as_text), time="at")
    read = read_source(duck, declared, sources(_source(rows)), ["value"])
    epoch_us = int(EPOCH.timestamp() * 1_000_000)
    known_us = None if as_known is None else epoch_us + as_known
    found = join(declared, read, asked, known_us=known_us)
    events = [None if time is None else time - epoch_us for time in found["event_us"].to_pylist()]
    given_back = list(zip(found["status"].to_pylist(), found["v0"].to_pylist(), events, strict=True))
    assert given_back == [_oracle(rows, request, ttl=ttl, as_known=as_known) for request in requests]


@settings(max_examples=25)
@given(rows=_ROWS, time=st.integers(0, 12))
def test_what_is_latest_is_what_requests_would_find(duck: Any, rows: list[_Row], time: int) -> None:
    declared = view(entity=("user", "shop"), key_types=("string", "integer"))
    read = read_source(duck, declared, sources(_source(rows)), ["value"])
    positions = latest(read, at_us=int(at(time).timestamp() * 1_000_000)).tolist()
    entities = {(row.key, row.other) for row in rows}
    expected = set()
    for key, other in entities:
        status, _, event = _oracle(rows, _Request(key, other, time), ttl=None, as_known=None)
        if status == "ok":
            expected.add((key, other, event))
    assert {(rows[at].key, rows[at].other, rows[at].event) for at in positions} == expected
    assert len(positions) == len(expected)


def test_times_that_lie_centuries_apart_are_compared_too() -> None:
    """Microseconds of three thousand years times ten thousand entities are more than 64 bits."""
    keys = [f"u{number}" for number in range(10_000)]
    early, late = datetime(100, 1, 1), datetime(3000, 1, 1)
    table = pa.table(
        {
            "user": keys * 2,
            "at": pa.array([early] * 10_000 + [late] * 10_000, pa.timestamp("us")),
            "value": list(range(20_000)),
        }
    )
    asked = pa.table({"user": keys, "at": pa.array([datetime(2999, 1, 1)] * 10_000, pa.timestamp("us"))})
    declared = view(known=False)
    with opened() as connection:
        read = read_source(connection, declared, sources(table), ["value"])
        requests = read_requests(connection, declared, asked, time="at")
    assert join(declared, read, requests)["v0"].to_pylist() == list(range(10_000))


@pytest.mark.parametrize(
    ("kind", "given", "expected", "unreadable"),
    [
        ("integer", ["1", "x", "", None], [1, None, None, None], 2),
        ("integer", [1.0, 1.5, None], [1, None, None], 1),
        ("number", ["0.5", "nought"], [0.5, None], 1),
        ("boolean", ["true", "perhaps"], [True, None], 1),
        ("string", ["", None, "x"], ["", None, "x"], 0),
        ("vector", [[0.5, 1.0], None], [[0.5, 1.0], None], 0),
    ],
)
def test_values_that_are_not_of_their_type_are_counted(
    kind: str, given: list[Any], expected: list[Any], unreadable: int
) -> None:
    rows = len(given)
    table = pa.table({"user": ["u"] * rows, "at": pa.array([at(0)] * rows), "value": given})
    with opened() as connection:
        read: Read = read_source(
            connection, view(known=False, columns={"value": kind}), sources(table), ["value"]
        )
    assert read.rows["v0"].to_pylist() == expected
    assert read.unreadable.get("value", 0) == unreadable
