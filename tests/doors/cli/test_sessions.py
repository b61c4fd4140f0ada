"""`headrace session …`, `profile …`, and sessions in `ask`, `search` and `call run`, as a user types them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headrace.cli.main import run
from tests.workbench import Workbench

Program = Callable[..., tuple[int, str]]
PROFILE = '[profiles.learner]\nschema = "learner"\n'


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bench = Workbench(tmp_path_factory.mktemp("cli"))
    bench.configure(extra=PROFILE)
    bench.write("backups.md", "# Backups\n\nBackups are kept for ninety days in Zanzibar.\n")
    (bench.root / "schemas").mkdir()
    (bench.root / "schemas" / "learner.json").write_text(
        json.dumps({"type": "object", "properties": {"level": {"type": "string"}}})
    )
    bench.sync()
    return bench.root


@pytest.fixture
def program(root: Path, capfd: pytest.CaptureFixture[str]) -> Program:
    """Runs a command line in this process; gives exit code and what it printed."""

    def run_it(line: str) -> tuple[int, str]:
        capfd.readouterr()
        code = run(["--workspace", str(root), *shlex.split(line)])
        return code, capfd.readouterr().out

    return run_it


def document(printed: tuple[int, str]) -> Any:
    assert printed[0] == 0, printed[1]
    return json.loads(printed[1])


def test_a_conversation(program: Program) -> None:
    code, out = program('ask "How long are backups kept?" --session chat-7 --user eve')
    assert code == 0
    assert "session chat-7" in out
    answer = document(program('ask "And where?" --session chat-7 --user eve --json'))
    assert (answer["session"], answer["warnings"]) == ("chat-7", [])
    found = document(program("search backups --session chat-7 --user eve --json"))
    assert found["hits"]
    code, out = program('session append chat-7 "Thanks!" --expect 4 --id bye')
    assert (code, out) == (0, "chat-7  turn 5 added\n")
    assert program('session append chat-7 "Thanks!" --id bye')[1] == "chat-7  turn 5 was there already\n"
    assert program('session append chat-7 "Late." --expect 4 --json')[0] == 1
    code, out = program("session show chat-7 --last 3")
    assert code == 0
    assert "3 user" in out
    assert "5 user" in out
    assert "Thanks!" in out
    assert max(map(len, out.splitlines())) <= 80
    listed = document(program("session list --user eve --json"))["sessions"]
    assert [(item["id"], item["turns"]) for item in listed] == [("chat-7", 5)]
    assert "chat-7  5 turns" in program("session list")[1]
    assert program("session close chat-7")[1] == "chat-7  closed, 5 turns\n"
    assert program('ask "And now?" --session chat-7 --user eve')[0] == 2
    assert program("session delete chat-7")[1] == "chat-7  deleted, 5 turns\n"
    assert program("session show chat-7")[0] == 2
    assert "No such sessions" in program("session list")[1]


def test_a_profile(program: Program) -> None:
    made = document(program("profile set learner u7 level=B1 hours=4 --expect 0 --json"))
    assert made["value"] == {"level": "B1", "hours": 4}
    code, out = program('profile set learner u7 level=B2 --remove hours --reason "a test"')
    assert code == 0
    assert "version 2" in out
    assert "level: B2" in out
    assert program("profile set learner u7 level=C1 --expect 1")[0] == 1
    assert program("profile set learner u7 level=4")[0] == 2
    assert program("profile set learner u7 --value [1]")[0] == 2
    assert document(program("profile get learner u7 --version 1 --json"))["value"] == made["value"]
    code, out = program("profile history learner u7")
    assert "level: B1 → B2" in out
    assert "a test" in out
    assert "hours: 4 → null" in out
    assert made["subject"] in program("profile list")[1]
    assert program("profile get learner nobody")[0] == 2
