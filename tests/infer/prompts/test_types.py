"""Types of variables: what fits, what is said when it does not, and the same from a command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import ConfigError, UsageError
from headrace.infer.prompts.file import parse_prompt
from headrace.infer.prompts.render import render
from headrace.infer.prompts.types import TYPES, Written, fits, from_text
from headrace.infer.prompts.variables import read_written

VALUES: dict[str, tuple[Any, ...]] = {
    "str": ("", "a", "1"),
    "int": (0, -3),
    "float": (0, 0.5),
    "bool": (True, False),
    "list": ([], [1, "a"], ("a",)),
    "list[str]": ([], ["a"], ("a", "b")),
    "dict": ({}, {"a": 1}),
    "any": (None, 1, "a", [1], {}),
}


@pytest.mark.parametrize("declared", TYPES)
def test_a_type_takes_its_values_and_no_others(declared: str) -> None:
    for kind, values in VALUES.items():
        for value in values:
            taken = fits(value, declared)
            if kind == declared or declared == "any":
                assert taken, (value, declared)
            elif {kind, declared} == {"str", "int"} or {kind, declared} == {"bool", "int"}:
                assert not taken, (value, declared)
    assert fits(None, f"{declared}?")
    assert fits(None, declared) == (declared == "any")


@settings(max_examples=50)
@given(
    st.sampled_from(TYPES).flatmap(
        lambda kind: st.tuples(
            st.just(kind),
            {
                "str": st.text(),
                "int": st.integers(),
                "float": st.floats(allow_nan=False, allow_infinity=False),
                "bool": st.booleans(),
                "list": st.lists(st.integers() | st.text()),
                "list[str]": st.lists(st.text()),
                "dict": st.dictionaries(st.text(), st.integers()),
                "any": st.integers() | st.lists(st.text()),
            }[kind],
        )
    )
)
def test_what_a_command_line_says_comes_back_as_it_was(case: tuple[str, Any]) -> None:
    declared, value = case
    assert from_text(value if declared == "str" else json.dumps(value), declared) == value


def test_a_value_of_another_type_is_refused_before_anything_is_rendered() -> None:
    prompt = parse_prompt(
        "sort", "---\nvariables:\n  count: int\n  tags: list[str]?\n---\n{{ count }}{{ tags }}"
    )
    assert render(prompt, {"count": 3})[0]["content"] == "3None"
    with pytest.raises(UsageError, match="variable 'count' must be int, not str") as caught:
        render(prompt, {"count": "the secret"})
    assert "secret" not in f"{caught.value.to_wire()}"
    assert caught.value.hint == "It takes exactly: count: int, tags: list[str]?."
    with pytest.raises(UsageError, match=r"'tags' must be list\[str\]\?, not list of int and str"):
        render(prompt, {"count": 3, "tags": ["a", 1]})
    with pytest.raises(UsageError, match="needs 'count'"):
        render(prompt, {"tags": []})
    written = {"count": Written("3"), "tags": Written("a,b"), "other": "4"}
    assert read_written(prompt, written) == {"count": 3, "tags": ["a", "b"], "other": "4"}
    with pytest.raises(UsageError, match="cannot be read as one"):
        read_written(prompt, {"count": Written("three")})


@pytest.mark.parametrize(
    ("front", "line", "said"),
    [
        ("variables:\n  a: whole", 2, "has the type 'whole'"),
        ("seed: 1\nvariables: {a: [str]}", 3, "has the type ['str']"),
        ("variables: {1: str}", 2, "1 is no name"),
        ("vault: sometimes", 2, "'vault' is 'sometimes'. Allowed: off, on, strict"),
        ("parameters: {model: x}", 2, "'model' is not a parameter"),
        ("seed: 1\nparameters: {seed: 2}", 2, "inside `parameters` and beside it"),
        ("parameters: {max_tokens: few}", 2, "'max_tokens' must be int"),
        ("parameters: {since: 2026-03-01}", 2, "a value that JSON cannot"),
        ("fallbacks: [1]", 2, "'fallbacks' must be a list of names"),
        ("model: 3", 2, "'model' must be text"),
        ("tools: [{name: a b}]", 2, "a tool's name"),
        ("tools: [{name: a}, {name: a}]", 2, "declared twice"),
        ("tools: [{name: a, parameters: {type: objekt}}]", 2, "parameters of tool 'a'"),
        ("tools: [{name: a, parameters: {default: 2026-01-01}}]", 2, "parameters of tool 'a'"),
        ("parameters: {a: !!binary aGk=}", 2, "a value that JSON cannot"),
        ("parameters: {a: .nan}", 2, "a value that JSON cannot"),
        ('model: "\\ud800"', 1, "holds what cannot be stored"),
        ("tools: [look]", 2, "a tool is {name, description, parameters}"),
    ],
)
def test_a_wrong_key_is_named_with_its_line(front: str, line: int, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_prompt("wrong", f"---\n{front}\n---\n{{{{ a }}}}", file="prompts/wrong.md")
    assert said in caught.value.message
    assert caught.value.message.startswith(f"prompts/wrong.md:{line}:"), caught.value.message


@pytest.mark.parametrize(
    ("written", "read"), [("off", "off"), ("on", "on"), ("strict", "strict"), ("'on'", "on")]
)
def test_off_and_on_are_words_though_yaml_reads_truth_values(written: str, read: str) -> None:
    assert parse_prompt("any", f"---\nvault: {written}\n---\nhi").vault == read


def test_the_words_of_json_schema_are_the_same_types() -> None:
    theirs = "---\nvariables:\n  a: integer\n  b: string?\n---\n{{ a }}{{ b }}"
    ours = theirs.replace("integer", "int").replace("string", "str")
    assert parse_prompt("any", theirs).digest == parse_prompt("any", ours).digest
    assert parse_prompt("any", theirs).types == {"a": "int", "b": "str?"}


def test_yaml_that_wants_quotes_says_so() -> None:
    with pytest.raises(ConfigError, match="is written in quotes"):
        parse_prompt("any", "---\nvariables: {a: int?}\n---\n{{ a }}")
