"""Rows: every kind of value keeps its name, its type and its absence, through every file and back."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.curate.datasets import columns, exporting, packs, writing
from headrace.curate.datasets.columns import Rows
from headrace.curate.datasets.identity import row_ids, row_name
from headrace.curate.datasets.packs import Pack
from headrace.curate.datasets.reading import Reading, read_file
from headrace.curate.datasets.values import from_json, to_json
from headrace.errors import UsageError
from headrace.ledger.identity import digest
from headrace.records.datasets import RowInput

CONFUSED: list[Any] = [
    None,
    "",
    0,
    0.0,
    -0.0,
    False,
    math.nan,
    b"",
    [],
    {},
    "null",
    "NaN",
    {"$float": "NaN"},
    {"$map": {}},
]
NUMBERS = [
    1,
    -1,
    23,
    24,
    255,
    256,
    65535,
    65536,
    2**32,
    2**63 - 1,
    -(2**63),
    2**64,
    0.1,
    1.5,
    65504.0,
    1e-7,
    math.inf,
]
VALUES = st.recursive(
    st.sampled_from([*CONFUSED, *NUMBERS, "é" * 30, b"\x00" * 30])
    | st.text(max_size=5).filter(str.isprintable),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab$"), inner, max_size=2),
    max_leaves=4,
)
FIELDS = st.dictionaries(
    st.sampled_from(["a", "bb", "key", "_key", "text:a", "missing:a", "é"]), VALUES, max_size=4
)
INPUTS = st.builds(
    lambda fields, group, depth: RowInput(key="", fields=fields, group=group, depth=depth),
    FIELDS, st.sampled_from([None, "", "g"]), st.sampled_from([0, 1, 300]),
)  # fmt: skip


def made(inputs: list[RowInput]) -> Rows:
    keyed = [
        RowInput(key=f"k{number}", fields=row.fields, group=row.group, depth=row.depth, subject=row.subject)
        for number, row in enumerate(inputs)
    ]
    return columns.of_rows(keyed, subjects=[row.subject for row in keyed])


def names(rows: Rows) -> list[str]:
    return [row_name(raw) for raw in row_ids(rows).to_pylist()]


@settings(max_examples=40, deadline=None)
@given(st.lists(INPUTS, min_size=1, max_size=6))
def test_names_made_by_column_are_those_made_by_value_in_any_batch(inputs: list[RowInput]) -> None:
    expected = [digest("row", [row.fields, row.group, row.depth]) for row in inputs]
    assert names(made(inputs)) == expected
    assert [names(made([row]))[0] for row in inputs] == expected
    halves = [made(inputs[:1]), made(inputs[1:])] if len(inputs) > 1 else [made(inputs)]
    assert names(columns.concat(halves)) == expected


def test_no_two_of_what_is_confused_elsewhere_share_a_name() -> None:
    rows = [RowInput(key="", fields={"a": value}) for value in CONFUSED] + [RowInput(key="", fields={})]
    assert len(set(names(made(rows)))) == len(rows)


@settings(max_examples=30, deadline=None)
@given(st.lists(INPUTS, min_size=1, max_size=5))
def test_rows_come_back_from_every_file_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, inputs: list[RowInput]
) -> None:
    import pyarrow as pa

    rows, folder = made(inputs), tmp_path_factory.mktemp("files")
    pack = packs.read(pa.py_buffer(packs.write(Pack(rows, row_ids(rows), pa.array([False] * len(rows))))))
    assert names(pack.rows) == names(rows)
    writing.write_rows(folder / "rows.jsonl", rows)
    writing.write_parquet(folder / "rows.parquet", rows)
    for file in ("rows.jsonl", "rows.parquet"):
        back = read_file(folder / file, Reading())
        assert names(back) == names(rows), file
        assert back.keys.to_pylist() == rows.keys.to_pylist()


@settings(max_examples=40, deadline=None)
@given(VALUES)
def test_values_in_json_are_reversible(value: Any) -> None:
    text = json.dumps(to_json(value), allow_nan=False)
    assert digest("value", from_json(json.loads(text))) == digest("value", value)


def test_what_a_row_cannot_hold_is_refused_with_its_column() -> None:
    for value in (object(), {1, 2}, "\ud800"):
        with pytest.raises(UsageError, match="'a'"):
            made([RowInput(key="k", fields={"a": value})])


def test_a_file_of_another_system_keeps_its_types(tmp_path: Path) -> None:
    import datetime

    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "id": ["x", "y"],
            "n": pa.array([1, None], pa.int32()),
            "at": pa.array([datetime.datetime(2026, 1, 1), None], pa.timestamp("us")),
            "tags": [["a"], []],
            "who": ["ada", None],
            "text": pa.array(["", None]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "other.parquet")
    rows = read_file(tmp_path / "other.parquet", Reading(key="id", subject="who"))
    assert columns.fields_of(rows) == [
        {"n": 1, "at": "2026-01-01 00:00:00.000000", "tags": ["a"], "text": ""},
        {"n": None, "at": None, "tags": [], "text": None},
    ]
    assert rows.keys.to_pylist() == ["x", "y"]
    assert rows.subjects.to_pylist() == ["ada", None]


def test_a_line_that_is_no_row_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"q": 1}\n[1]\n')
    with pytest.raises(UsageError, match="a.jsonl:2"):
        read_file(tmp_path / "a.jsonl", Reading())
    (tmp_path / "a.csv").write_text("a,b\n")
    with pytest.raises(UsageError, match="no file that rows are read from"):
        read_file(tmp_path / "a.csv", Reading())


def test_formats_are_all_named() -> None:
    assert exporting.FORMATS == ("sft", "dpo", "openai-dpo", "few-shot", "rows", "parquet", "huggingface")
