"""What a model writes is read strictly, mended openly, and never made up."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.infer.completions.reading import json_reader, text_reader
from headrace.infer.schemas.file import make_schema

ONE = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
READ = json_reader(make_schema("s", ONE))
FENCED = ['{"a": 1}', ' {"a": 1}\n', '```json\n{"a": 1}\n```', '```\n{"a": 1}\n```\n']


@pytest.mark.parametrize("text", FENCED)
def test_what_is_valid_is_not_marked(text: str) -> None:
    reading = READ(text)
    assert (reading.value, reading.problems, reading.mended) == ({"a": 1}, (), False)


@pytest.mark.parametrize("text", ['{"a": 1,}', "{'a': 1}", '{"a": 1', 'Here it is: {"a": 1}'])
def test_what_is_mended_is_marked(text: str) -> None:
    reading = READ(text)
    assert (reading.value, reading.problems, reading.mended) == ({"a": 1}, (), True)


@pytest.mark.parametrize("text", ["", "I cannot do that.", "null", "[]", '{"a": NaN}', '{"a": "1"}', '"a"'])
def test_what_is_wrong_has_a_problem(text: str) -> None:
    assert READ(text).problems


@given(st.text())
def test_any_text_is_read_to_a_value_that_stores_take(text: str) -> None:
    reading = json_reader(make_schema("any", {}))(json.dumps([text]))
    written = str(reading.value[0])
    assert "\x00" not in written
    assert written.encode("utf-8").decode() == written
    assert READ(text).problems or READ(text).value["a"] == int(READ(text).value["a"])


def test_a_text_must_not_be_empty() -> None:
    assert text_reader()("  \n").problems
    assert text_reader()(" a \ud800 ").value == "a \ufffd"
