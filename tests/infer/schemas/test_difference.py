"""What changed between two schemas: compatible means that every old value is valid in the new one."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from headrace.infer.schemas.difference import breaking, compare
from headrace.infer.schemas.examples import examples
from headrace.infer.schemas.file import make_schema
from headrace.infer.schemas.meaning import same_meaning
from headrace.infer.schemas.projection import project
from headrace.infer.schemas.validate import problems

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}


def closed(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
        "additionalProperties": False,
    }


TREE = {
    "$ref": "#/$defs/node",
    "$defs": {"node": closed(["name"], name=TEXT, inner={"$ref": "#/$defs/node"})},
}
WIDER_TREE = {
    "$ref": "#/$defs/node",
    "$defs": {"node": closed(["name"], name=TEXT, note=TEXT, inner={"$ref": "#/$defs/node"})},
}
NARROWER_TREE = {"$ref": "#/$defs/node", "$defs": {"node": closed(["name"], name=NUMBER)}}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (closed(a=TEXT), closed(a=TEXT), []),
        (closed(a=TEXT), closed(["a"], a=TEXT, b=TEXT), [("/b", "added", False)]),
        (closed(a=TEXT), closed(a=TEXT, b=TEXT), [("/b", "required", True)]),
        (closed(a=TEXT, b=TEXT), closed(a=TEXT), [("/b", "removed", True)]),
        (closed(a=TEXT), closed([], a=TEXT), [("/a", "optional", False)]),
        (closed(a=TEXT), closed(a=NUMBER), [("/a", "type", True)]),
        (closed(a=NUMBER), closed(a={"type": "number"}), [("/a", "widened", False)]),
        (closed(a={"type": "number"}), closed(a=NUMBER), [("/a", "type", True)]),
        (closed(a=TEXT), closed(a={"type": ["string", "null"]}), [("/a", "widened", False)]),
        (closed(a={"anyOf": [TEXT, {"type": "null"}]}), closed(a=TEXT), [("/a", "narrowed", True)]),
        (closed(a=TEXT), closed(a={"anyOf": [{"type": "null"}, TEXT]}), [("/a", "widened", False)]),
        (closed(a={"enum": ["x"]}), closed(a={"enum": ["x", "y"]}), [("/a", "widened", False)]),
        (
            closed(a={"enum": ["x", 1]}),
            closed(a={"enum": ["x", True]}),
            [("/a", "narrowed", True), ("/a", "widened", False)],
        ),
        (closed(a=TEXT), closed(a={**TEXT, "enum": ["x"]}), [("/a", "narrowed", True)]),
        (closed(a={**TEXT, "maxLength": 5}), closed(a={**TEXT, "maxLength": 9}), [("/a", "widened", False)]),
        (closed(a={**TEXT, "maxLength": 9}), closed(a={**TEXT, "maxLength": 5}), [("/a", "narrowed", True)]),
        (closed(a=TEXT), closed(a={**TEXT, "pattern": "^x"}), [("/a", "narrowed", True)]),
        ({**closed(a=TEXT), "additionalProperties": True}, closed(a=TEXT), [("", "narrowed", True)]),
        (closed(a=TEXT), {**closed(a=TEXT), "additionalProperties": True}, [("", "widened", False)]),
        (
            closed(a={"type": "array", "items": closed(x=TEXT)}),
            closed(a={"type": "array", "items": closed(x=TEXT, y=TEXT)}),
            [("/a/*/y", "required", True)],
        ),
        ({"allOf": [TEXT]}, TEXT, []),
        (TREE, WIDER_TREE, [("/inner/note", "added", False), ("/note", "added", False)]),
        (TREE, NARROWER_TREE, [("/inner", "removed", True), ("/name", "type", True)]),
        (
            {"if": TEXT, "then": {"minLength": 1}},
            {"if": TEXT, "then": {"minLength": 2}},
            [("", "narrowed", True)],
        ),
        ({"oneOf": [TEXT]}, {"oneOf": [TEXT, NUMBER]}, [("", "widened", False)]),
        (
            {"oneOf": [{**TEXT, "maxLength": 3}]},
            {"oneOf": [{**TEXT, "maxLength": 3}, {**TEXT, "minLength": 2}]},
            [("", "changed", True), ("", "widened", False)],
        ),
    ],
)
def test_each_kind_of_change(old: Any, new: Any, expected: list[tuple[str, str, bool]]) -> None:
    assert [(item.path, item.kind, item.breaking) for item in compare(old, new)] == expected


def test_words_about_a_schema_do_not_change_it() -> None:
    plain = make_schema("x", closed(title=TEXT, a={"enum": ["b", "a"]}))
    told = make_schema(
        "x", {**closed(["a", "title"], a={"enum": ["a", "b"], "description": "A"}, title=TEXT), "title": "X"}
    )
    assert same_meaning(plain, told)
    assert not same_meaning(plain, make_schema("x", closed(a={"enum": ["b", "a"]})))
    assert compare(plain.json_schema, told.json_schema) == []


SCALARS = st.sampled_from(
    [
        TEXT,
        NUMBER,
        {"type": "number"},
        {"type": "boolean"},
        {"type": "null"},
        {"type": ["string", "null"]},
        {"type": "string", "maxLength": 2},
        {"type": "string", "minLength": 1},
        {"type": "integer", "minimum": 1},
        {"enum": ["a", 1, None]},
        {"enum": ["a"]},
        {"const": 1},
        {"anyOf": [TEXT, NUMBER]},
        {"oneOf": [NUMBER, {"type": "number", "minimum": 2}]},
        {"oneOf": [TEXT, {"type": "null"}]},
        {"not": {"type": "string"}},
        {"$ref": "#/$defs/short"},
        {"anyOf": [{"$ref": "#/$defs/short"}, {"type": "null"}]},
        {},
    ]
)
SHORT = st.sampled_from([TEXT, {"type": "string", "maxLength": 1}, NUMBER])


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    """A schema of one object, closed so that nothing undeclared is in its values."""
    names = draw(st.sets(st.sampled_from("abc"), min_size=1))
    properties: dict[str, Any] = {}
    for name in sorted(names):
        kind = draw(st.sampled_from(["scalar", "scalar", "list", "object"]))
        scalar = draw(SCALARS)
        if kind == "list":
            properties[name] = {
                "type": "array",
                "items": scalar,
                **draw(st.sampled_from([{}, {"minItems": 1}])),
            }
        elif kind == "object":
            properties[name] = closed(draw(st.sampled_from([[], ["x"]])), x=scalar)
        else:
            properties[name] = scalar
    required = sorted(draw(st.sets(st.sampled_from(sorted(names)))))
    return {**closed(required, **properties), "$defs": {"short": draw(SHORT)}}


@st.composite
def changes(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A schema, and the same with one or two changes."""
    old = draw(schemas())
    new = copy.deepcopy(old)
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from("abcd"))
        match draw(st.sampled_from(["replace", "replace", "widen", "required", "drop", "open", "short"])):
            case "replace":
                new["properties"][name] = draw(SCALARS)
            case "widen" if name in new["properties"]:
                other = draw(SCALARS)
                word = draw(st.sampled_from(["anyOf", "oneOf"]))
                new["properties"][name] = {word: [new["properties"][name], other]}
            case "required" if name in new["properties"]:
                new["required"] = sorted({name} ^ set(new["required"]))
            case "drop":
                new["properties"].pop(name, None)
            case "open":
                new["additionalProperties"] = draw(SCALARS)
            case "short":
                new["$defs"]["short"] = draw(SHORT)
    return old, new


LEAVES = [None, "", "a", "ab", "abc", 0, 1, 2, 1.5, 2.5, True]
PARTS = [*LEAVES, [], {}, *([leaf] for leaf in LEAVES), *({"x": leaf} for leaf in LEAVES)]


def values_of(schema: dict[str, Any]) -> Iterator[Any]:
    """Values that are valid by a schema: what it makes itself, with each part in each place."""
    made = make_schema("x", schema)
    for value in [*examples(made), {}]:
        for name, part in itertools.product(schema["properties"], PARTS):
            if not problems(made, {**value, name: part}):
                yield {**value, name: part}


@settings(max_examples=80)
@given(changes())
def test_a_compatible_change_takes_every_old_value(pair: tuple[Any, Any]) -> None:
    old, new = pair
    event(f"compatible: {not breaking(compare(old, new))}")
    if breaking(compare(old, new)):
        return
    other = make_schema("x", new)
    for value in values_of(old):
        assert problems(other, value) == [], (old, new, value)


@settings(max_examples=30)
@given(changes())
def test_a_value_is_told_without_what_the_older_version_does_not_know(pair: tuple[Any, Any]) -> None:
    old, new = pair
    for value in itertools.islice(values_of(old), 50):
        assert project(value, old) == value, "a value of that very version lost something"
    for value in itertools.islice(values_of(new), 50):
        assert set(project(value, old)) == set(value) & set(old["properties"])


@settings(max_examples=30)
@given(schemas())
def test_made_values_are_valid_and_nothing_differs_from_itself(schema: Any) -> None:
    made = make_schema("x", schema)
    assert compare(schema, schema) == []
    assert all(problems(made, value) == [] for value in examples(made))
