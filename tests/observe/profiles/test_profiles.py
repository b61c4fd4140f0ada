"""Profiles: valid by schema, changed by compare-and-set, read through migrations, told change by change."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from headrace.errors import ConfigError, NotFoundError, StateConflict, UsageError
from headrace.ledger import profiles
from headrace.ledger.storage.tables.sessions import profiles as table
from headrace.workspace import Workspace
from tests.workbench import Workbench

CONFIG = """
[profiles.learner]
schema = "learner"

[profiles.brief]
schema = "learner"
keep = "30d"

[erasure]
reader_wait = "0s"
"""
ONE = {
    "version": 1,
    "type": "object",
    "properties": {"goal": {"type": "string"}, "level": {"enum": ["A1", "A2", "B1"]}},
    "required": ["goal"],
    "additionalProperties": False,
}
TWO = {
    "version": 2,
    "type": "object",
    "properties": {
        "goals": {"type": "array", "items": {"type": "string"}},
        "level": {"enum": ["A1", "A2", "B1"]},
    },
    "required": ["goals"],
    "additionalProperties": False,
}
MIGRATION = """\
def upgrade(value):
    rest = {key: item for key, item in value.items() if key != "goal"}
    return {"goals": [value["goal"]], **rest}


def downgrade(value):
    rest = {key: item for key, item in value.items() if key != "goals"}
    return {"goal": value["goals"][0], **rest}
"""


def prepared(root: Path) -> Workbench:
    bench = Workbench(root)
    bench.configure(extra=CONFIG)
    (root / "schemas" / "migrations").mkdir(parents=True)
    (root / "schemas" / "learner.json").write_text(json.dumps(ONE))
    return bench


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with prepared(tmp_path_factory.mktemp("profiles")).open() as opened:
        yield opened


def test_fields_are_set_taken_out_and_told(workspace: Workspace) -> None:
    book = workspace.profiles
    first = book.set("learner", " eve ", {"goal": "travel", "level": "A1"}, expect=0)
    assert (first.version, first.value) == (1, {"goal": "travel", "level": "A1"})
    second = book.set("learner", "eve", {"level": "B1"}, remove=["missing"], expect=1, reason="a test")
    assert second.value == {"goal": "travel", "level": "B1"}
    third = book.set("learner", "eve", remove=["level"])
    assert third.value == {"goal": "travel"}
    fourth = book.set("learner", "eve", value={"goal": "work", "level": "A2"})
    assert (fourth.version, fourth.schema_version, fourth.stored_version) == (4, 1, 1)
    assert book.get("learner", "eve") == fourth
    assert book.get("learner", "eve", version=2).value == second.value
    changes = book.history("learner", "eve").changes
    assert [change.version for change in changes] == [4, 3, 2, 1]
    assert [(item.field, item.before, item.after) for item in changes[0].changes] == [
        ("goal", "travel", "work"),
        ("level", None, "A2"),
    ]
    assert (changes[2].reason, changes[2].by) == ("a test", workspace.actor)
    (listed,) = [item for item in book.list("learner").profiles if item.subject == fourth.subject]
    assert listed.version == 4
    assert book.list().kinds == {"learner": "learner", "brief": "learner"}


def test_what_does_not_fit_changes_nothing(workspace: Workspace) -> None:
    book = workspace.profiles
    book.set("learner", "kim", {"goal": "travel"})
    with pytest.raises(StateConflict, match="is at 1, not at 3"):
        book.set("learner", "kim", {"level": "A1"}, expect=3)
    with pytest.raises(UsageError, match="would not be valid") as wrong:
        book.set("learner", "kim", {"level": "fluent-in-secret"})
    assert "fluent-in-secret" not in wrong.value.message, "a value may be personal"
    with pytest.raises(UsageError, match="Nothing says"):
        book.set("learner", "kim")
    with pytest.raises(UsageError, match="Name a user"):
        book.get("learner", "  ")
    with pytest.raises(NotFoundError, match="learner"):
        book.get("learner", "nobody")
    with pytest.raises(NotFoundError, match="kind of profile"):
        book.get("tutor", "kim")
    assert book.get("learner", "kim").version == 1


def test_it_is_read_in_the_newest_version_of_its_schema(tmp_path: Path) -> None:
    bench = prepared(tmp_path)
    with bench.open() as workspace:
        workspace.profiles.set("learner", "eve", {"goal": "travel", "level": "A1"})
    (tmp_path / "schemas" / "learner.json").write_text(json.dumps(TWO))
    (tmp_path / "schemas" / "migrations" / "learner_1_to_2.py").write_text(MIGRATION)
    with bench.open() as workspace:
        found = workspace.profiles.get("learner", "eve")
        assert found.value == {"goals": ["travel"], "level": "A1"}
        assert (found.schema_version, found.stored_version) == (2, 1)
        changed = workspace.profiles.set("learner", "eve", {"goals": ["travel", "work"]}, expect=1)
        assert (changed.version, changed.stored_version) == (2, 2)
        assert workspace.profiles.get("learner", "eve", version=1).value["goals"] == ["travel"]


def test_it_lies_sealed_and_goes_with_its_user(workspace: Workspace) -> None:
    workspace.profiles.set("learner", "ann", {"goal": "to find the Zanzibar cellar"})
    workspace.profiles.set("brief", "ann", {"goal": "short"})
    workspace.profiles.set("learner", "bob", {"goal": "to stay"})
    path = Path(workspace.config.storage.ledger.removeprefix("sqlite:///"))
    assert "Zanzibar" not in str(sqlite3.connect(path).execute("SELECT * FROM profile_changes").fetchall())
    report = workspace.forget("subject:ann")
    assert {item.store: item.items for item in report.erased} == {"profiles": 2}
    with pytest.raises(NotFoundError):
        workspace.profiles.get("learner", "ann")
    assert workspace.profiles.get("learner", "bob").value == {"goal": "to stay"}


def test_a_kind_may_expire(workspace: Workspace) -> None:
    workspace.profiles.set("brief", "old", {"goal": "long ago"})
    month = 31 * 86_400_000_000
    aged = sa.update(table).where(table.c.name == "brief").values(updated_at_us=table.c.updated_at_us - month)
    workspace.ledger.write(lambda tx: tx.conn.execute(aged))
    with pytest.raises(NotFoundError):
        workspace.profiles.get("brief", "old")
    assert workspace.profiles.list("brief").profiles == []
    assert workspace.profiles.set("brief", "old", {"goal": "anew"}).version == 1
    with workspace.ledger.read() as conn:
        assert len(profiles.find(conn, name="brief")) == 1


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("[profiles.learner]\n", "needs the key `schema`"),
        ('[profiles.learner]\nschema = "learner"\nkeep = "soon"\n', "is not a length of time"),
        ('[profiles."a b"]\nschema = "learner"\n', "name that cannot be used"),
        ('[sessions]\noverflow = "summarise"\n', "needs a model"),
        ('[sessions]\nkeep = "0d"\n', "must not be nothing"),
        ('[sessions]\nrewriter = "none"\n', "which is no model"),
        ("[sessions]\nbudget = 5\n", "out of range"),
    ],
)
def test_a_wrong_configuration_says_what_is_allowed(tmp_path: Path, extra: str, said: str) -> None:
    bench = Workbench(tmp_path)
    bench.configure(extra=extra)
    with pytest.raises(ConfigError, match=said):
        bench.open()
