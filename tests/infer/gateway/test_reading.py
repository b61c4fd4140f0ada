"""What a model wrote becomes a value, or it does not: nothing is invented."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.infer.gateway.base import CallRequest, Retrieved
from headrace.infer.gateway.reading import read_json
from headrace.infer.gateway.validators import Judged, ValidatorSpec, at, open_validator

SCALARS = st.none() | st.booleans() | st.integers(-9999, 9999) | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)
OBJECTS = st.dictionaries(st.text(min_size=1, max_size=8), VALUES, min_size=1, max_size=4)


@given(OBJECTS)
def test_json_is_read_as_it_is_and_unwrapped_without_a_change(value: dict[str, Any]) -> None:
    text = json.dumps(value)
    assert read_json(text)[:2] == (value, None)
    assert read_json(f"```json\n{text}\n```")[:2] == (value, "fence")
    assert read_json(f"Here you are:\n{text}\nAnything else?")[:2] == (value, "prose")


@settings(max_examples=100)
@given(OBJECTS, st.data())
def test_what_is_cut_off_never_becomes_another_value(value: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(value)
    cut = text[: data.draw(st.integers(1, len(text) - 1))]
    read = read_json(cut)
    if not read.problem:  # only closing braces were missing
        assert _is_part(read.value, value)


def _is_part(found: Any, whole: Any) -> bool:
    """Whether objects hold nothing but members of the whole; everything else is as it was."""
    if isinstance(found, dict) and isinstance(whole, dict):
        return all(key in whole and _is_part(item, whole[key]) for key, item in found.items())
    return found == whole and type(found) is type(whole)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    read = read_json(text)
    assert read.problem or json.dumps(read.value) is not None
    assert read_json(text, repair=False).repair is None


@pytest.mark.parametrize("text", ["NaN", '{"a": Infinity}', "[" * 100_000, "", "I cannot say."])
def test_what_is_no_json_says_so(text: str) -> None:
    assert read_json(text).problem


def test_paths_with_stars_name_every_item() -> None:
    value = {"items": [{"price": 1}, {"price": 2}, {}], "note": "x"}
    assert list(at(value, "/items/*/price")) == [("/items/0/price", 1), ("/items/1/price", 2)]
    assert list(at(value, "/note")) == [("/note", "x")]
    assert list(at(value, "/nothing/*")) == []


def test_citations_and_quotes_are_held_against_what_was_given() -> None:
    request = CallRequest(
        messages=[{"role": "user", "content": "Passage: Herons nest\n in the old mill."}],
        model="up",
        retrieved=[Retrieved(corpus="docs", document="a.md", revision="r", chunk_id="chunk_1")],
    )
    output = {
        "citations": ["chunk_1", "chunk_9", 1, 2, {"document": "a.md"}],
        "quotes": ["nest in the old mill", "nest in the new mill"],
    }
    judged = Judged(output=output, text="", request=request)
    cited = open_validator(ValidatorSpec(name="citations_exist"))(judged)
    quoted = open_validator(ValidatorSpec(name="quotes_verbatim"))(judged)
    assert [problem.path for problem in cited] == ["/citations/1", "/citations/3"]
    assert [problem.path for problem in quoted] == ["/quotes/1"]
