"""The filter language: what it means is checked against a plain reading of it in Python."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import lance
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import FilterError
from headrace.ingest.search.filters import compile_filter

ROWS: list[dict[str, Any]] = [
    {"year": 2020, "lang": "en", "title": "It's 'quoted'", "draft": True},
    {"year": 2021.5, "lang": "de", "title": "hr/pay", "draft": False},
    {"year": "2020", "lang": "en-GB"},
    {"year": "soon", "lang": None, "title": ""},
    {"lang": "en", "a b": "spaced", "x.y": "dotted"},
    {},
]
DOCUMENTS = ["docs/hr/a.md", "docs/hr/b_c.md", "docs/it's.md", "docs/%.md", "other/a.md", "docs/ü.md"]
PAGES = [1, 2, None, 3, None, 10]

Keep = Callable[[int], bool]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Any:
    table = pa.table(
        {
            "row": pa.array(range(len(ROWS))),
            "document": pa.array(DOCUMENTS),
            "revision": pa.array([f"rev_{number}" for number in range(len(ROWS))]),
            "page": pa.array(PAGES, type=pa.int32()),
            "metadata": pa.array([json.dumps(row) for row in ROWS], type=pa.json_()),
        }
    )
    return lance.write_dataset(
        table, str(tmp_path_factory.mktemp("filters") / "t.lance"), data_storage_version="2.2"
    )


def _found(dataset: Any, expression: str) -> list[int]:
    rows: list[int] = (
        dataset.scanner(columns=["row"], filter=compile_filter(expression)).to_table()["row"].to_pylist()
    )
    return sorted(rows)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("year = 2020", [0, 2]),
        ("year >= 2020 and year < 2021", [0, 2]),
        ("year > 2020", [1]),
        ("year != 2020", [1, 3, 4, 5]),
        ("not year = 2020", [1, 3, 4, 5]),
        ("lang in ('en', 'de')", [0, 1, 4]),
        ("lang not in ('en', 'de')", [2, 3, 5]),
        ("lang ^= 'en'", [0, 2, 4]),
        ("draft = true", [0]),
        ("draft != true", [1, 2, 3, 4, 5]),
        ("title exists", [0, 1, 3]),
        ("not title exists", [2, 4, 5]),
        ("lang exists", [0, 1, 2, 4]),
        ("title = 'It''s ''quoted'''", [0]),
        ("title = ''", [3]),
        ("\"a b\" = 'spaced'", [4]),
        ("x.y = 'dotted'", [4]),
        ("document = 'docs/it''s.md'", [2]),
        ("document ^= 'docs/hr/'", [0, 1]),
        ("document = 'docs/%.md'", [3]),
        ("page > 1", [1, 3, 5]),
        ("page = 1 or page = 10", [0, 5]),
        ("page exists", [0, 1, 3, 5]),
        ("page = '10'", [5]),
        ("lang = 'en' and (year = 2020 or x.y = 'dotted')", [0, 4]),
        ("lang = 'de' or lang = 'en' and draft = true", [0, 1]),
        ("NOT (lang = 'en' OR lang = 'de')", [2, 3, 5]),
        ("nothing = 'x'", []),
        ("revision = 'rev_3'", [3]),
    ],
)
def test_meaning(dataset: Any, expression: str, expected: list[int]) -> None:
    assert _found(dataset, expression) == expected


@pytest.mark.parametrize(
    ("expression", "problem", "position"),
    [
        ("", "ends where a field name", 0),
        ("year", "ends where a comparison", 4),
        ("year =", "ends where a value", 6),
        ("year = 2020 lang", "expected `and`, `or` or the end", 12),
        ("= 2020", "expected a field name", 0),
        ("year = lang", "expected a value", 7),
        ("year ~ 2020", "'~' is not understood", 4),
        ("(year = 1", "expected ')'", 9),
        ("year in 2020", "expected '('", 8),
        ("year not 2020", "expected 'in'", 9),
        ("year < true", "expected a value", 7),
        ("year ^= 2020", "expected a value", 8),
        ("year = 'open", "is not understood", 6),
        ("1 = 1; DROP TABLE x", "';' is not understood", 5),
    ],
)
def test_mistakes_are_named_with_their_place(expression: str, problem: str, position: int) -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter(expression)
    assert problem in caught.value.message
    assert f"at character {position + 1}" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "value",
    [
        "x' OR '1'='1",
        "x') OR (1=1",
        "'; DROP TABLE documents; --",
        "\\' OR true --",
        "$.year",
        "/* */",
    ],
)
def test_values_stay_values(dataset: Any, value: str) -> None:
    literal = value.replace("'", "''")
    assert _found(dataset, f"lang = '{literal}'") == []
    assert _found(dataset, f"document ^= '{literal}'") == []


@pytest.mark.parametrize("name", ["a' OR '1'='1", "x')) OR (('a'='a", "$..*", "a\\"])
def test_names_stay_names(dataset: Any, name: str) -> None:
    assert _found(dataset, f"\"{name}\" = 'x'") == []


def test_bounds() -> None:
    with pytest.raises(FilterError, match="nested more than"):
        compile_filter("(" * 100 + "a = 1" + ")" * 100)
    with pytest.raises(FilterError, match="nested more than"):
        compile_filter("not " * 100 + "a = 1")
    with pytest.raises(FilterError, match="longer than"):
        compile_filter("a = 1 or " * 2000 + "a = 1")


_FIELDS = ["year", "lang", "title", "draft"]


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) or value is None else float(value)
    except ValueError:
        return None


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) or value is None else str(value)


@st.composite
def _comparisons(draw: st.DrawFn) -> tuple[str, Keep]:
    field = draw(st.sampled_from(_FIELDS))
    if draw(st.booleans()):
        number = draw(st.sampled_from([2019, 2020, 2021, 2021.5]))
        operator = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]))

        def keep_number(row: int) -> bool:
            value = _number(ROWS[row].get(field))
            if operator == "!=":
                return value != number
            if value is None:
                return False
            compared = {
                "=": value == number,
                "<": value < number,
                "<=": value <= number,
                ">": value > number,
                ">=": value >= number,
            }
            return compared[operator]

        return f"{field} {operator} {number}", keep_number
    text = draw(st.sampled_from(["en", "de", "", "hr/", "It's 'quoted'"]))
    operator = draw(st.sampled_from(["=", "!=", "^="]))

    def keep_text(row: int) -> bool:
        value = _text(ROWS[row].get(field))
        if operator == "!=":
            return value != text
        return value is not None and (value == text if operator == "=" else value.startswith(text))

    return f"{field} {operator} '{text.replace(chr(39), chr(39) * 2)}'", keep_text


def _combined(inner: st.SearchStrategy[tuple[str, Keep]]) -> st.SearchStrategy[tuple[str, Keep]]:
    def both(pair: tuple[tuple[str, Keep], tuple[str, Keep]]) -> tuple[str, Keep]:
        (left, keep_left), (right, keep_right) = pair
        return f"({left}) and ({right})", lambda row: keep_left(row) and keep_right(row)

    def either(pair: tuple[tuple[str, Keep], tuple[str, Keep]]) -> tuple[str, Keep]:
        (left, keep_left), (right, keep_right) = pair
        return f"({left}) or ({right})", lambda row: keep_left(row) or keep_right(row)

    def neither(one: tuple[str, Keep]) -> tuple[str, Keep]:
        text, keep = one
        return f"not ({text})", lambda row: not keep(row)

    pairs = st.tuples(inner, inner)
    return pairs.map(both) | pairs.map(either) | inner.map(neither)


@settings(max_examples=150, deadline=None)
@given(case=st.recursive(_comparisons(), _combined, max_leaves=5))
def test_any_expression_means_what_it_reads_as(dataset: Any, case: tuple[str, Keep]) -> None:
    expression, keep = case
    assert _found(dataset, expression) == [row for row in range(len(ROWS)) if keep(row)]
