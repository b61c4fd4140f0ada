"""`headrace schema …` as a user runs it: exit codes, one JSON document, lines that fit."""

from __future__ import annotations

import json
from pathlib import Path

from tests.doors.cli.program import Program
from tests.flows.test_schemas import Desk
from tests.infer.records.envelopes import GOALS, MIGRATION


def test_a_new_version_on_the_terminal(headrace: Program, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    record = desk.keep(1, {"goal": "learn of weirs"})
    desk.schema(GOALS)
    failed = headrace("schema", "check", "--json", cwd=tmp_path)
    report = json.loads(failed.stdout)
    assert (failed.returncode, failed.stderr, report["ok"]) == (1, "", False)
    migrated = headrace("schema", "migrate", "goal", cwd=tmp_path)
    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert "written    schemas/migrations/goal_1_to_2.py" in migrated.stdout
    assert "1 place in it for you to decide" in migrated.stdout
    desk.migration(MIGRATION)
    checked = headrace("schema", "check", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
    assert "Every version can be read." in checked.stdout
    shown = headrace("schema", "records", record, "--version", "1", "--json", cwd=tmp_path)
    assert json.loads(shown.stdout)["value"] == {"goal": "learn of weirs"}
    for done in (migrated, checked):
        assert all(len(line) <= 100 for line in done.stdout.splitlines())
