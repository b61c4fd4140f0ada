"""What a cell means, whatever the table it came from."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.ingest.sources import cells


@given(
    value=st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8"))
)
def test_scalars_keep_value_and_type(value: bool | int | str | None) -> None:
    found = cells.scalar(value)
    assert found == value
    assert type(found) is type(value)


def test_other_values_become_scalars() -> None:
    assert cells.scalar(1.0) == 1.0
    assert isinstance(cells.scalar(1.0), float)
    assert cells.scalar(float("nan")) is None
    assert cells.scalar(float("-inf")) is None
    assert cells.scalar(Decimal("1.50")) == "1.50"
    assert cells.scalar(date(2024, 2, 29)) == "2024-02-29"
    assert cells.scalar({"b": [1, None], "a": date(2024, 1, 1)}) == '{"a":"2024-01-01","b":[1,null]}'


@pytest.mark.parametrize("value", [2**63, b"raw", object(), "\ud800", ["\ud800"]])
def test_what_cannot_be_stored_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        cells.scalar(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), ("", None), ("a", "a"), (7, "7"), (0, "0"), (UUID(int=1), str(UUID(int=1)))],
)
def test_names(value: object, expected: str | None) -> None:
    assert cells.name(value) == expected


@pytest.mark.parametrize("value", [1.5, True, ["a"], {}, "\udcff"])
def test_what_names_nothing(value: object) -> None:
    with pytest.raises(ValueError):
        cells.name(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ()),
        ("", ()),
        (" b, a ,,b", ("a", "b")),
        (["b", "a", " "], ("a", "b")),
        ([], ()),
    ],
)
def test_labels(value: object, expected: tuple[str, ...]) -> None:
    assert cells.labels(value) == expected


@pytest.mark.parametrize("value", [1, ["a", 2], {"a": 1}])
def test_what_is_no_set_of_labels(value: object) -> None:
    with pytest.raises(ValueError, match="labels"):
        cells.labels(value)


@given(
    moment=st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))
)
def test_times_are_exact_to_the_microsecond(moment: datetime) -> None:
    expected = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert cells.moment_us(moment) == expected
    assert cells.moment_us(moment.isoformat()) == expected
    assert cells.moment_us(moment.replace(tzinfo=None)) == expected
    assert cells.moment_us(moment.astimezone(timezone(timedelta(hours=5)))) == expected


def test_times_of_other_kinds() -> None:
    assert cells.moment_us(None) is None
    assert cells.moment_us(date(1970, 1, 2)) == 86_400_000_000
    assert cells.moment_us("1970-01-01T00:00:01Z") == 1_000_000
    assert cells.moment_us(1.5) == 1_500_000
    for wrong in ("yesterday", True, 1e15, [1]):
        with pytest.raises(ValueError):
            cells.moment_us(wrong)


def test_numbers_in_text_read_as_in_json() -> None:
    assert [cells.text(value) for value in (None, "a", 1, 1.5, True)] == [
        "",
        "a",
        "1",
        json.dumps(1.5),
        "true",
    ]
