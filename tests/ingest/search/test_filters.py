"""The filter language: what it means, on the index itself, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import FilterError
from headrace.ingest.index.schema import chunk_schema
from headrace.ingest.search.filters import compile_filter

Value = str | float | bool
Row = Mapping[str, Any]

FIELDS = ("size", "team", "draft", "team name", "a.b", "it's")
VALUES: tuple[Any, ...] = (
    *(0, 1, 12, -3, 12.5, 1e21, 2024, True, False, None),
    *("", "12", "12.0", " 12 ", "+5", "2024-05-01", "true", "nan", "inf", "-inf", "null"),
    *("data", "Data", "données", "it's", "o''hare", "%", "_", "\\", "\\'", '"', "a\nb", "' or '1'='1"),
)
TEXTS = [value for value in VALUES if isinstance(value, str)] + ["da", "d", "2", "z", "'; DROP TABLE x; --"]
NUMBERS = [0.0, 1.0, 5.0, 12.0, 12.5, -3.0, 2024.0, 1e21, 1e300, -1e300]


def _rows() -> list[dict[str, Any]]:
    rows = []
    for number in range(3 * len(VALUES)):
        metadata = {
            field: VALUES[(number * (place + 1) + 7 * place) % len(VALUES)]
            for place, field in enumerate(FIELDS)
            if (number + place) % 4
        }
        page = None if number % 5 == 0 else number % 7
        rows.append({"document": f"docs/{number % 9}.md#{number}", "page": page, "metadata": metadata})
    return rows


ROWS = _rows()


@pytest.fixture(scope="module")
def matching(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], set[str]]:
    """The documents that the index returns for a filter."""
    import lance
    import pyarrow as pa

    schema = chunk_schema(8)
    columns: dict[str, list[Any]] = {
        "document": [row["document"] for row in ROWS],
        "page": [row["page"] for row in ROWS],
        "metadata": [json.dumps(row["metadata"], ensure_ascii=False) for row in ROWS],
        "revision": ["rev_1"] * len(ROWS),
        "headings": [[]] * len(ROWS),
        "vector": [[0.0] * 8] * len(ROWS),
    }
    for field in schema:
        filler = "" if field.type == pa.string() else 0
        columns.setdefault(field.name, [filler] * len(ROWS))
    table = pa.table([pa.array(columns[field.name], type=field.type) for field in schema], schema=schema)
    folder = tmp_path_factory.mktemp("filters") / "t.lance"
    dataset = lance.write_dataset(table, str(folder), data_storage_version="2.2")

    def run(expression: str) -> set[str]:
        found = dataset.to_table(columns=["document"], filter=compile_filter(expression))
        return set(found["document"].to_pylist())

    return run


@dataclass(frozen=True)
class Node:
    """A filter with what it means: its text, how tightly it binds, and which rows it admits."""

    text: str
    binding: int
    admits: Callable[[Row], bool]


def _text_of(row: Row, field: str) -> str | None:
    if field in ("document", "page"):
        return None if row[field] is None else str(row[field])
    value = row["metadata"].get(field)
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _number_of(row: Row, field: str) -> float | None:
    text = _text_of(row, field)
    try:
        number = float(text) if text is not None and text == text.strip() else None
    except ValueError:
        return None
    return None if number is None or number != number or abs(number) == float("inf") else number


def _holds(row: Row, field: str, operator: str, value: Value) -> bool:
    if operator == "!=":
        return not _holds(row, field, "=", value)
    left: Any
    right: Any
    if isinstance(value, bool):
        left, right = _text_of(row, field), "true" if value else "false"
    elif isinstance(value, str):
        left, right = _text_of(row, field), value
    else:
        left, right = _number_of(row, field), value
    if left is None:
        return False
    compared: Mapping[str, Callable[[], bool]] = {
        "=": lambda: left == right,
        "<": lambda: left < right,
        "<=": lambda: left <= right,
        ">": lambda: left > right,
        ">=": lambda: left >= right,
        "^=": lambda: left.startswith(right),
    }
    return compared[operator]()


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


def _field(name: str) -> str:
    return name if name.replace(".", "").isalnum() else f'"{name}"'


FIELD = st.sampled_from([*FIELDS, "document", "page", "absent"])
TEXT = st.sampled_from(TEXTS)
NUMBER = st.sampled_from(NUMBERS)
ANY = st.one_of(TEXT, NUMBER, st.booleans())


def _comparison(field: str, operator: str, value: Value) -> Node:
    text = f"{_field(field)} {operator} {_written(value)}"
    return Node(text, 3, lambda row: _holds(row, field, operator, value))


def _membership(field: str, values: list[Value], negated: bool) -> Node:
    listed = ", ".join(map(_written, values))
    text = f"{_field(field)} {'NOT ' if negated else ''}in ({listed})"
    return Node(text, 3, lambda row: any(_holds(row, field, "=", value) for value in values) is not negated)


def _existence(field: str) -> Node:
    return Node(f"{_field(field)} exists", 3, lambda row: _text_of(row, field) is not None)


LEAVES = st.one_of(
    st.builds(_comparison, FIELD, st.sampled_from(["=", "!="]), ANY),
    st.builds(_comparison, FIELD, st.sampled_from(["<", "<=", ">", ">="]), st.one_of(TEXT, NUMBER)),
    st.builds(_comparison, FIELD, st.just("^="), TEXT),
    st.builds(_membership, FIELD, st.lists(ANY, min_size=1, max_size=4), st.booleans()),
    st.builds(_existence, FIELD),
)


def _joined(word: str, binding: int) -> Callable[[Node, Node], Node]:
    def join(left: Node, right: Node) -> Node:
        text = f" {word} ".join(
            node.text if node.binding >= binding else f"({node.text})" for node in (left, right)
        )
        if word == "AND":
            return Node(text, binding, lambda row: left.admits(row) and right.admits(row))
        return Node(text, binding, lambda row: left.admits(row) or right.admits(row))

    return join


def _negated(inner: Node) -> Node:
    text = f"not {inner.text}" if inner.binding >= 3 else f"not ({inner.text})"
    return Node(text, 3, lambda row: not inner.admits(row))


EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(_joined("AND", 2), inner, inner),
        st.builds(_joined("or", 1), inner, inner),
        st.builds(_negated, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(expression=EXPRESSIONS)
def test_the_index_admits_what_the_language_means(
    matching: Callable[[str], set[str]], expression: Node
) -> None:
    expected = {row["document"] for row in ROWS if expression.admits(row)}
    assert matching(expression.text) == expected, expression.text


@settings(max_examples=100, deadline=None)
@given(value=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30))
def test_no_text_breaks_out_of_its_quotes(matching: Callable[[str], set[str]], value: str) -> None:
    assert matching(f"team = {_written(value)} and document = 'no such document'") == set()
    assert matching(f"\"{value.replace(chr(34), '') or 'x'}\" exists and document = 'none'") == set()


@pytest.mark.parametrize(
    ("expression", "position", "problem"),
    [
        ("size >", 6, "it ends where a value should stand"),
        ("size", 4, "it ends where a comparison should stand"),
        ("size = 'open", 7, "is not understood"),
        ('team = "data"', 7, "expected a value"),
        ("size = 1 size = 2", 9, "expected `and`, `or` or the end"),
        ("size = 1; drop table x", 8, "';' is not understood"),
        ("size = 1 -- comment", 9, "'-' is not understood"),
        ("(size = 1", 9, "expected ')'"),
        ("size = 1)", 8, "expected `and`, `or` or the end"),
        ("size in ()", 9, "expected a value"),
        ("size in (1", 10, "expected ')'"),
        ("size not 5", 9, "expected 'in'"),
        ("size < true", 7, "expected a value"),
        ("team ^= 5", 8, "expected a value"),
        ("and = 1", 0, "expected a field name"),
        ("size like '%'", 5, "expected one of"),
        ("lower(team) = 'x'", 5, "expected one of"),
        ("size = 1e999", 7, "too large"),
        ("", 0, "it ends where a field name should stand"),
    ],
)
def test_a_mistake_is_named_with_its_place(expression: str, position: int, problem: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter(expression)
    assert problem in caught.value.message
    assert f"character {position + 1}" in caught.value.message


def test_limits_hold() -> None:
    with pytest.raises(FilterError, match="longer than"):
        compile_filter("size = 1 or " * 2000 + "size = 1")
    for deep in ("(" * 100 + "size = 1" + ")" * 100, "not " * 100 + "size = 1"):
        with pytest.raises(FilterError, match="16 levels"):
            compile_filter(deep)


def test_the_longest_filters_run(matching: Callable[[str], set[str]]) -> None:
    many = "size in (" + ", ".join(["12"] * 2400) + ")"
    assert matching(many) == matching("size = 12") != set()
    assert matching(" or ".join(["size = 12"] * 760)) == matching("size = 12")
    assert matching("not " * 16 + "size = 12") == matching("size = 12")


@pytest.mark.parametrize(("opening", "levels"), [("(", 16), ("not (", 8)])
def test_the_deepest_filters_run(matching: Callable[[str], set[str]], opening: str, levels: int) -> None:
    nested = "size not in (12, 'a')"
    for level in range(levels):
        nested = f"{opening}size {'<' if level % 2 else '>'} {level} {'and' if level % 2 else 'or'} {nested})"
    assert matching(nested) <= {row["document"] for row in ROWS}
    with pytest.raises(FilterError, match="16 levels"):
        matching(f"(({nested} and {nested}) or size exists)")


def test_a_text_that_reads_as_no_finite_number_is_none(matching: Callable[[str], set[str]]) -> None:
    assert matching("size > 1e300 or size < -1e300") == set()
