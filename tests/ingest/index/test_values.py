"""Values are brought to their declared type, or kept aside with the reason."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.ingest.index.values import fit, fits, serve
from headrace.records.document import Value
from headrace.records.metadata import FieldType, MetadataField, MetadataSchema

TYPES: tuple[FieldType, ...] = get_args(FieldType)
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.dates().map(str),
    st.datetimes(timezones=st.just(None) | st.timezones()).map(lambda moment: moment.isoformat()),
    st.lists(st.text(max_size=4), max_size=3),
)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", "2020", "2020"),
        ("integer", "2020", 2020),
        ("integer", 2020.0, 2020),
        ("number", "1.50", 1.5),
        ("number", 3, 3),
        ("boolean", "True", True),
        ("boolean", False, False),
        ("date", "2026-03-01", "2026-03-01"),
        ("date", "2026-03-01T23:30:00-02:00", "2026-03-02"),
        ("datetime", "2026-03-01", "2026-03-01T00:00:00.000000Z"),
        ("datetime", "2026-03-01T09:30:00+01:00", "2026-03-01T08:30:00.000000Z"),
        ("list", "a, b,", ["a", "b"]),
        ("list", '["a, b", "c"]', ["a, b", "c"]),
        ("list", ["x"], ["x"]),
    ],
)
def test_a_value_takes_the_form_of_its_type(kind: FieldType, value: Value, expected: Value) -> None:
    found = fit(value, kind)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("string", 7, "a whole number where a text is declared"),
        ("string", True, "true or false where"),
        ("integer", "MMXX", "a text where a whole number is declared"),
        ("integer", 1.5, "a number where a whole number is declared"),
        ("integer", True, "true or false where a whole number"),
        ("integer", "9" * 19, "a whole number where a whole number is declared"),
        ("number", "nan", "a text where a number"),
        ("number", "1e999", "a number that is too large"),
        ("boolean", 1, "a whole number where true or false"),
        ("date", "soon", "not a date such as"),
        ("date", 2026, "a whole number where a date"),
        ("datetime", "0001-01-01T00:00:00+14:00", "out of range"),
        ("list", 5, "a whole number where a list"),
        ("list", "[1]", "where a list of texts"),
        ("list", "[", "is none"),
        ("list", ["a\x1fb"], "control character"),
    ],
)
def test_what_does_not_fit_says_why(kind: FieldType, value: Value, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fit(value, kind)


@given(kind=st.sampled_from(TYPES), value=VALUES)
def test_fitting_twice_changes_nothing(kind: FieldType, value: Value) -> None:
    try:
        once = fit(value, kind)
    except ValueError:
        assert not fits(value, kind)
        return
    assert fit(once, kind) == once
    assert fits(once, kind)


@given(first=st.datetimes(timezones=st.timezones()), second=st.datetimes(timezones=st.timezones()))
def test_times_sort_as_texts_do(first: object, second: object) -> None:
    from datetime import UTC, datetime

    assert isinstance(first, datetime)
    assert isinstance(second, datetime)
    try:
        left, right = first.astimezone(UTC), second.astimezone(UTC)
    except OverflowError:
        return
    forms = [str(fit(moment.isoformat(), "datetime")) for moment in (first, second)]
    assert (forms[0] < forms[1]) == (left < right)


def test_what_is_declared_is_typed_and_the_rest_stays() -> None:
    schema = MetadataSchema(
        fields=(
            MetadataField(name="year", type="integer"),
            MetadataField(name="team", type="string", default="unknown"),
            MetadataField(name="tags", type="list"),
        ),
        dropped=("secret",),
    )
    raw: dict[str, Value] = {"year": "MMXX", "tags": ["a"], "secret": 1, "free": 2, "loose": ["x"], "n": None}
    metadata, misfits = serve(raw, schema)
    assert metadata == {"free": 2, "n": None, "team": "unknown", "tags": ["a"]}
    assert misfits == {
        "year": {"value": "MMXX", "type": "integer", "error": "a text where a whole number is declared"}
    }
