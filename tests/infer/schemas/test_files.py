"""Models of pydantic, frozen versions, migration files and drafts of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import ConfigError, NotFoundError
from headrace.infer.schemas.file import load_schema, make_schema, schema_names
from headrace.infer.schemas.migrations import MigrationFile, find_migrations, load_migration
from headrace.infer.schemas.opening import open_chain
from headrace.infer.schemas.python import peek_version
from headrace.infer.schemas.scaffold import scaffold
from headrace.infer.schemas.validate import problems
from headrace.infer.schemas.versions import gather

MODEL = """\
from __future__ import annotations

from pydantic import BaseModel

VERSION = {version}


class Topic(BaseModel):
    name: str


class LearningGoal(BaseModel):
    topics: list[Topic]
    note: str | None = None
"""


def text(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def test_a_model_is_a_schema(tmp_path: Path) -> None:
    path = tmp_path / "learning-goal.py"
    path.write_text(MODEL.format(version=3))
    schema = load_schema(tmp_path, "learning-goal")
    assert (schema.version, schema_names(tmp_path), peek_version(path)) == (3, ["learning-goal"], 3)
    assert problems(schema, {"topics": [{"name": "a"}]}) == []
    assert [item.path for item in problems(schema, {"topics": [{"name": 1}]})] == ["/topics/0/name"]
    assert list(tmp_path.iterdir()) == [path], "something was left beside it"
    path.write_text(MODEL.format(version="1 + 3").replace("LearningGoal", "Model"))
    assert (load_schema(tmp_path, "learning-goal").version, peek_version(path)) == (4, None)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("x = 1\nraise KeyError('no')", r"goal\.py:2: it cannot be run: KeyError"),
        ("def broken(:", r"goal\.py:1: it cannot be run: SyntaxError"),
        ("Goal = 1", "has no pydantic model: write a class 'Goal' or 'Model'"),
        (
            "from pydantic import BaseModel\nVERSION = 'two'\nclass Goal(BaseModel): pass",
            "whole number from 1",
        ),
    ],
)
def test_a_model_that_is_none_says_why(tmp_path: Path, code: str, said: str) -> None:
    (tmp_path / "goal.py").write_text(code)
    with pytest.raises(ConfigError, match=said):
        load_schema(tmp_path, "goal")


def test_a_schema_cannot_be_there_twice(tmp_path: Path) -> None:
    (tmp_path / "goal.py").write_text(MODEL.format(version=1))
    (tmp_path / "goal.json").write_text("{}")
    with pytest.raises(ConfigError, match="is there twice"):
        load_schema(tmp_path, "goal")


def test_versions_are_put_together_and_a_changed_one_is_found(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "goal.json").write_text(json.dumps({"version": 3, **text(c={})}))
    (tmp_path / "versions/goal.v1.json").write_text(json.dumps(text(a={})))
    found = gather(tmp_path, "goal", {2: make_schema("goal", {"version": 2, **text(b={})})})
    assert (list(found.known), found.newest, found.conflicts) == ([1, 2, 3], 3, ())
    told = {"version": 1, **text(a={"description": "told"})}
    assert not gather(tmp_path, "goal", {1: make_schema("goal", told)}).conflicts
    (conflict,) = gather(tmp_path, "goal", {1: make_schema("goal", text(a={"type": "null"}))}).conflicts
    assert 'set "version" to 2' in conflict
    (tmp_path / "goal.json").unlink()
    assert gather(tmp_path, "goal", {}).newest == 1
    with pytest.raises(NotFoundError):
        gather(tmp_path, "other", {})


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["goal.py"], "NAME_N_to_M.py"),
        (["goal_2_to_1.py"], "leads upward"),
        (["goal_1_to_2.py", "goal_1_to_3.py"], "same lower version"),
        (["goal_1_to_3.py", "goal_2_to_3.py"], "same upper version"),
    ],
)
def test_names_of_migrations_that_make_no_chain(tmp_path: Path, names: list[str], said: str) -> None:
    (tmp_path / "migrations").mkdir()
    for name in names:
        (tmp_path / "migrations" / name).write_text("def upgrade(value): return value")
    with pytest.raises(ConfigError, match=said):
        find_migrations(tmp_path, "goal")


OLD = text(
    goal={"type": "string"},
    count={"type": "integer"},
    tag={"type": "string"},
    gone={"type": "object"},
    kept={"type": "boolean"},
)
NEW = text(
    goals={
        "type": "array",
        "items": {**text(topic={"type": "string"}, level={"enum": ["new", "some"], "default": "new"})},
    },
    count={"type": "string"},
    tags={"type": "array", "items": {"type": "string"}},
    kept={"type": "boolean"},
    added={"type": "integer", "default": 7},
)


def test_a_draft_does_what_the_difference_tells(tmp_path: Path) -> None:
    draft = scaffold(make_schema("goal", OLD), make_schema("goal", {"version": 2, **NEW}))
    path = tmp_path / "goal_1_to_2.py"
    path.write_text(draft)
    step = load_migration(MigrationFile(name="goal", lower=1, upper=2, path=path))
    old = {"goal": "weirs", "count": 3, "tag": "a", "gone": {}, "kept": True}
    new = step.upgrade(old)
    assert new == {
        "goals": [{"topic": "weirs", "level": "new"}],
        "count": "3",
        "tags": ["a"],
        "kept": True,
        "added": 7,
    }
    assert problems(make_schema("goal", NEW), new) == []
    assert step.downgrade is not None
    with pytest.raises(NotImplementedError, match="/count: string became integer|/gone"):
        step.downgrade(new)


def test_what_nobody_can_guess_is_left_to_decide_and_names_are_no_code(tmp_path: Path) -> None:
    odd = 'a"""\n\\b\'"); import os #'
    old, new = (
        make_schema("x", text(a={})),
        make_schema("x", {"version": 2, **text(**{odd: {"type": "string"}})}),
    )
    new_with_a = make_schema("x", {"version": 2, **text(a={}, **{odd: {"type": "string"}})})
    for version in (new, new_with_a):
        draft = scaffold(old, version)
        compile(draft, "draft", "exec")
        assert "import os" not in [line.strip() for line in draft.splitlines()]
    path = tmp_path / "x_1_to_2.py"
    path.write_text(scaffold(old, new_with_a))
    step = load_migration(MigrationFile(name="x", lower=1, upper=2, path=path))
    with pytest.raises(NotImplementedError, match="what do values of version 1 get"):
        step.upgrade({"a": 1})


def test_a_compatible_change_needs_no_migration(tmp_path: Path) -> None:
    wider = {**text(a={"type": "string"}), "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}
    (tmp_path / "x.json").write_text(json.dumps({"version": 2, **wider}))
    versions = gather(tmp_path, "x", {1: make_schema("x", text(a={"type": "string"}))})
    chain = open_chain(tmp_path, versions)
    assert chain.translate({"a": "t"}, source=1) == {"a": "t"}
    assert chain.translate({"a": "t", "b": 1}, source=2, target=1) == {"a": "t"}
