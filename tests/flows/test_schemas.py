"""Schemas over their life: a new version, its migration, the check, old readers, rollback, forgetting."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import NotFoundError, UsageError, VersionRefused
from headrace.infer.schemas.file import load_schema, make_schema
from headrace.ledger import artifacts
from headrace.records.schemas import SchemaCheck
from headrace.workspace import Workspace
from tests import sightings
from tests.infer.records.envelopes import GOAL, GOALS, MIGRATION, envelope
from tests.workbench import Workbench

SERVED = '\n[schemas.goal]\nsupport_until = { 1 = "2999-12-31" }\n'


class Desk:
    """A workspace with the schema `goal`."""

    def __init__(self, root: Path) -> None:
        self.bench = Workbench(root)
        self.bench.configure(extra=SERVED)
        self.folder = root / "schemas"
        self.folder.mkdir()
        self.schema(GOAL)

    def schema(self, given: dict[str, Any], name: str = "goal.json") -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(given))

    def migration(self, code: str = MIGRATION) -> None:
        (self.folder / "migrations").mkdir(exist_ok=True)
        (self.folder / "migrations" / "goal_1_to_2.py").write_text(code)

    def samples(self, version: int, *lines: str) -> None:
        (self.folder / "samples").mkdir(exist_ok=True)
        (self.folder / "samples" / f"goal.v{version}.jsonl").write_text("\n".join(lines))

    def check(self, **options: Any) -> SchemaCheck:
        with self.bench.open() as workspace:
            return workspace.schemas.check("goal", **options)

    def keep(self, number: int, value: Any, **facts: Any) -> str:
        with self.bench.open() as workspace:
            return keep(workspace, number, value, **facts)


def keep(workspace: Workspace, number: int, value: Any, **facts: Any) -> str:
    schema = load_schema(workspace.root / "schemas", "goal")
    original = json.dumps(value).encode()
    return workspace._record_keeper.keep(envelope(number, schema, **facts), value, original).result(60)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def kinds(report: SchemaCheck) -> list[str]:
    return [problem.kind for problem in report.problems]


def test_a_new_version_from_the_first_edit_to_the_old_reader(desk: Desk) -> None:
    old = desk.keep(1, {"goal": "learn of weirs", "note": None})
    desk.schema({**GOALS, "version": 1})
    assert kinds(desk.check()) == ["changed"]
    desk.schema(GOALS)
    (problem,) = desk.check().problems
    assert (problem.kind, problem.version) == ("missing", 1)
    assert "/goal: it is not declared any more" in problem.message
    with desk.bench.open() as workspace:
        diff = workspace.schemas.diff("goal")
        assert (diff.old, diff.new, diff.compatible, diff.migration) == (1, 2, False, None)
        report = workspace.schemas.migrate("goal")
        assert (report.file, report.written, report.undecided) == (
            "schemas/migrations/goal_1_to_2.py",
            True,
            1,
        )
        assert report.frozen == ("schemas/versions/goal.v1.json",)
        assert not workspace.schemas.migrate("goal").written
    (failed,) = desk.check().problems
    assert failed.where == old
    assert "/goals/0/level: what do values of version 1 get?" in failed.message
    draft = desk.folder / "migrations" / "goal_1_to_2.py"
    decided = draft.read_text().replace(draft.read_text().split('"level": ')[1].split("}]")[0], '"new"')
    draft.write_text(decided)
    report_of_check = desk.check()
    assert report_of_check.ok, report_of_check.problems
    with desk.bench.open() as workspace:
        new = keep(workspace, 2, {"goals": [{"topic": "mills", "level": "some"}], "note": ""})
        assert workspace.records.get(old).value == {
            "goals": [{"topic": "learn of weirs", "level": "new"}],
            "note": None,
        }
        assert workspace.records.get(new, version=1).value == {"goal": "mills", "note": ""}
        assert workspace.schemas.rewrite("goal").written == 1
    # Rolled back: what was stored first is there, and the migration still leads down.
    desk.schema(GOAL)
    with desk.bench.open() as workspace:
        assert workspace.records.get(old).told == "as stored"
        assert workspace.records.get(new).value == {"goal": "mills", "note": ""}
        assert keep(workspace, 3, {"goal": "again"})
        assert [item.version for item in workspace.records.list("goal").records] == [1, 2, 1]
    assert desk.check().ok
    draft.unlink()
    (problem,) = desk.check().problems
    assert (problem.kind, problem.version) == ("missing", 2)
    with desk.bench.open() as workspace:
        assert workspace.records.get(old).value["goal"] == "learn of weirs"
        with pytest.raises(VersionRefused, match=f"{new}.*has version 2 here"):
            workspace.records.get(new)


def test_a_machine_without_the_ledger_checks_frozen_versions_and_samples(desk: Desk, tmp_path: Path) -> None:
    assert desk.check().ok
    with desk.bench.open() as workspace:
        assert workspace.schemas.freeze().written == ("schemas/versions/goal.v1.json",)
        assert workspace.schemas.freeze().kept == 1
    desk.schema(GOALS)
    desk.migration()
    desk.samples(1, '{"goal": "a"}', "", '{"goal": ""}')
    desk.samples(2, '{"goals": []}')
    shutil.rmtree(tmp_path / ".headrace")
    report = desk.check()
    assert report.ok, report.problems
    assert [(item.version, item.samples, item.records, item.made) for item in report.checked] == [
        (1, 2, 0, 0),
        (2, 1, 0, 0),
    ]
    assert any("'goal' 2." in note for note in report.notes)


def test_a_check_names_each_value_that_fails_once_for_each_reason(desk: Desk) -> None:
    with desk.bench.open() as workspace:
        names = [keep(workspace, number, {"goal": str(number)}) for number in range(210)]
        workspace.schemas.freeze("goal")
    desk.schema(GOALS)
    broken = MIGRATION.replace('"level": "new"', '"level": "odd"')
    desk.migration(broken)
    desk.samples(1, "{", "NaN", '{"goal": 7}', '{"goal": "fine"}')
    report = desk.check()
    assert not report.ok
    found = {(problem.kind, problem.where.partition(":")[0]): problem for problem in report.problems}
    sample_file = "schemas/samples/goal.v1.jsonl"
    assert {where for kind, where in found if kind == "sample"} == {sample_file}
    (record,) = (problem for problem in report.problems if problem.kind == "record")
    assert record.where in names
    assert record.count == 200
    assert "version 2 does not allow: /goals/0/level" in record.message
    (record,) = (problem for problem in desk.check(everything=True).problems if problem.kind == "record")
    assert record.count == 210
    desk.samples(1)
    desk.migration(MIGRATION.replace('"; ".join(item["topic"] for item in value["goals"])', "7"))
    (down,) = desk.check().problems
    assert (down.kind, down.count) == ("downgrade", 200)


def test_what_cannot_be_used_is_said(desk: Desk) -> None:
    with desk.bench.open() as workspace, pytest.raises(UsageError, match="no version before 1"):
        workspace.schemas.migrate("goal")
    desk.schema({"type": "object", "properties": {}}, "other.json")
    desk.migration("def upgrade(")
    with desk.bench.open() as workspace:
        report = workspace.schemas.check()
        assert [(problem.schema, problem.kind) for problem in report.problems] == [("goal", "file")]
        assert "goal_1_to_2.py:1" in report.problems[0].message
        assert [item.name for item in workspace.schemas.list().schemas] == ["goal", "other"]
    (desk.folder / "goal.json").unlink()
    shutil.rmtree(desk.bench.root / ".headrace")
    with desk.bench.open() as workspace:
        said = [(problem.schema, problem.message) for problem in workspace.schemas.check().problems]
        assert [name for name, message in said if "no such schema" in message] == ["goal", "goal"]


def test_files_and_records_that_belong_to_nothing_known_are_said(desk: Desk) -> None:
    desk.keep(1, {"goal": "by the first"})
    shared = make_schema("goal", {**GOAL, "properties": {"goal": {"type": "integer"}}})
    with desk.bench.open() as workspace:
        workspace.ledger.write(lambda tx: artifacts.put(tx, "schema", dict(shared.json_schema)))
        future = workspace._record_keeper.keep(envelope(2, shared), {"goal": 7}, b"7")
        assert workspace.records.get(future.result(60)).value == {"goal": 7}
    desk.samples(9, "{}")
    desk.bench.configure(extra=SERVED.replace("goal", "gaol"))
    with desk.bench.open() as workspace:
        problems = workspace.schemas.check().problems
        said = [(problem.schema, problem.kind) for problem in problems]
        assert said == [("gaol", "file"), ("goal", "changed"), ("goal", "file"), ("goal", "record")]
        assert "[schemas.gaol], but there is no such schema" in problems[0].message
        assert "differs between its file and what stored records were valid by" in problems[1].message
        assert problems[2].where == "schemas/samples/goal.v9.jsonl"


@pytest.mark.parametrize("name", ["../goal", "/etc/passwd", "*", ""])
def test_a_name_is_no_path(desk: Desk, name: str) -> None:
    with desk.bench.open() as workspace:
        for operation in (workspace.schemas.show, workspace.schemas.migrate, workspace.schemas.freeze):
            with pytest.raises(NotFoundError):
                operation(name)


def test_forgetting_a_document_empties_the_records_that_came_from_it(desk: Desk) -> None:
    bench = desk.bench
    bench.configure(extra='[erasure]\nreader_wait = "0s"\n')
    bench.write("secret.md", "# Zanzibar\n\nMarlowe hid the zanzibar ledger under the boathouse floor.")
    bench.write("open.md", "# Mills\n\nThe mill stands by the river and turns all day.")
    bench.sync()
    with bench.open() as workspace:
        derived = keep(workspace, 1, {"goal": "find it"}, documents=["docs/secret.md", "docs/open.md"])
        quoting = keep(workspace, 2, {"goal": "see docs/secret.md"})
        other = keep(workspace, 3, {"goal": "mills"}, documents=["docs/open.md"])
        assert workspace.records.get(derived, access=["public"]).value == {"goal": "find it"}
        why = workspace.why(derived, access=["public"]).upstream
        assert [(node.relation, node.ref) for node in why.children if node.kind == "document"] == [
            ("from", "docs/docs/open.md"),
            ("from", "docs/docs/secret.md"),
        ]
        workspace.hide("docs/open.md")
        with pytest.raises(NotFoundError):
            workspace.records.get(other)
        workspace.unhide("docs/open.md")
        preview = workspace.forget("docs/secret.md", dry_run=True)
        assert {item.store: item.items for item in preview.found}["records"] == 3
        report = workspace.forget("docs/secret.md")
        assert report.certificate, report
        assert report.unproven == ()
        assert {item.store: item.items for item in report.erased}["records"] == 3
        assert [workspace.records.get(name).told for name in (derived, quoting, other)] == [
            "erased",
            "erased",
            "as stored",
        ]
        left = workspace.records.get(derived).record.retrieved
        assert next(item.document for item in left if item.revision != "rev_1").startswith("erased_")
        assert workspace.records.get(other).value == {"goal": "mills"}
        assert keep(workspace, 1, {"goal": "find it"}) == derived
        assert workspace.records.get(derived).told == "erased"
    for canary in ("docs/secret.md", "find it"):
        assert "ledger" not in sightings.seen(bench.root / ".headrace", canary)
