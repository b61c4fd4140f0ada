"""Schema files, their names and what a value breaks in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import ConfigError, NotFoundError
from headrace.infer.schemas.base import Problem
from headrace.infer.schemas.file import load_schema, make_schema
from headrace.infer.schemas.validate import masked_problems, problems

GOAL = {
    "type": "object",
    "properties": {"topics": {"type": "array", "items": {"type": "string"}}, "level": {"type": "integer"}},
    "required": ["topics"],
    "additionalProperties": False,
}


def test_a_file_has_name_version_and_digest(tmp_path: Path) -> None:
    (tmp_path / "goal.json").write_text(json.dumps({**GOAL, "version": 3}))
    schema = load_schema(tmp_path, "goal")
    assert (schema.name, schema.version, dict(schema.json_schema)) == ("goal", 3, GOAL)
    assert schema.digest == make_schema("other", GOAL).digest
    assert schema.digest != make_schema("goal", {**GOAL, "title": "Goal"}).digest


def test_problems_name_their_places() -> None:
    schema = make_schema("goal", GOAL)
    assert problems(schema, {"topics": ["a"], "level": 1}) == []
    assert problems(schema, {"topics": [1], "level": "x"}) == [
        Problem(path="/level", message='"x" is not of type "integer"'),
        Problem(path="/topics/0", message='1 is not of type "string"'),
    ]
    assert [problem.path for problem in problems(schema, [])] == [""]


def test_equal_schemas_share_a_validator_and_others_do_not() -> None:
    loose, strict = make_schema("goal", {"type": "object"}), make_schema("goal", GOAL)
    assert problems(loose, {"more": 1}) == []
    assert problems(strict, {"more": 1})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "must be a JSON object"),
        ('{"type": "objekt"}', "no JSON Schema"),
        ('{"$ref": "http://localhost:9/x.json"}', "no JSON Schema"),
        ('{"version": "2"}', "whole number from 1"),
        ('{"pattern": "(?=a)"}', "no JSON Schema"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "goal.json").write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_schema(tmp_path, "goal")


@pytest.mark.parametrize("name", ["../secret", "gaol", ""])
def test_an_unknown_name_lists_what_there_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "goal.json").write_text("{}")
    with pytest.raises(NotFoundError) as raised:
        load_schema(tmp_path, name)
    assert "goal" in str(raised.value.to_wire())


def test_patterns_take_linear_time() -> None:
    schema = make_schema("evil", {"type": "string", "pattern": "^(a+)+$"})
    value: Any = "a" * 50_000 + "!"
    assert len(problems(schema, value)) == 1


def test_what_is_no_json_is_a_problem_and_no_crash() -> None:
    schema = make_schema("goal", {"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}}})
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    for value in ({"\ud800": 1}, {"a": {1, 2}}, deep):
        (problem,) = problems(schema, value)
        assert (problem.path, "cannot be checked" in problem.message) == ("", True)
        assert masked_problems(schema, value) == [f"it: {problem.message}"]


def test_masked_problems_hold_nothing_of_the_value() -> None:
    (said,) = masked_problems(make_schema("goal", GOAL), {"topics": ["a"], "level": "Marlowe"})
    assert said == '/level: the value is not of type "integer"'
