"""P2: a turn or a profile that was confirmed is there; one killed on its way can be sent again and is one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from headrace.ledger.failpoints import NAMES
from headrace.observe.profiles import book as _book  # noqa: F401 - it declares the failpoints
from headrace.observe.sessions import log as _log  # noqa: F401 - it declares the failpoints
from tests.conftest import ENGINES
from tests.processes import run_python
from tests.workbench import Workbench, was_killed

SESSIONS = sorted(name for name in NAMES if name.startswith("sessions."))
PROFILES = sorted(name for name in NAMES if name.startswith("profiles."))
PROFILE = '[profiles.learner]\nschema = "learner"\n'
_APPEND = """\
import sys, headrace
with headrace.open(sys.argv[1]) as workspace:
    workspace.sessions.append("s", "two", id="two")
    print("confirmed")
"""
_SET = """\
import sys, headrace
with headrace.open(sys.argv[1]) as workspace:
    workspace.profiles.set("learner", "eve", {"level": "B1"}, expect=1)
    print("confirmed")
"""
_MANY = """\
import itertools, sys, headrace
with headrace.open(sys.argv[1]) as workspace:
    for number in itertools.count():
        workspace.sessions.append("s", f"victim/{number}", id=f"victim/{number}")
        workspace.profiles.set("learner", "eve", {"field_victim": number})
        print(f"victim/{number}", flush=True)
"""
EACH = 4


@pytest.mark.parametrize("engine", ENGINES)
def test_eight_writers_of_which_one_is_killed_lose_nothing(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    bench = Workbench(tmp_path)
    ledger = str(request.getfixturevalue("postgres_url")) if engine == "postgresql" else None
    bench.configure(ledger=ledger, extra=PROFILE)
    _write_schema(tmp_path)
    with bench.open() as workspace:
        workspace.sessions.append("s", "begun")
        workspace.profiles.set("learner", "eve", {"level": "A1"})
        victim = subprocess.Popen(
            [sys.executable, "-c", _MANY, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )

        def work(writer: int) -> None:
            for number in range(EACH):
                workspace.sessions.append("s", f"{writer}/{number}", id=f"{writer}/{number}")
                workspace.profiles.set("learner", "eve", {f"field_{writer}": number})

        threads = [threading.Thread(target=work, args=(writer,)) for writer in range(1, 8)]
        assert victim.stdout is not None
        confirmed = [victim.stdout.readline().strip()]
        for thread in threads:
            thread.start()
        confirmed += [victim.stdout.readline().strip() for _ in range(4)]
        victim.kill()
        confirmed += victim.stdout.read().split()
        victim.wait()
        victim.stdout.close()
        for thread in threads:
            thread.join()
        turns = workspace.sessions.show("s").items
        profile = workspace.profiles.get("learner", "eve")
        changes = workspace.profiles.history("learner", "eve", limit=1000).changes
    assert [turn.seq for turn in turns] == list(range(1, len(turns) + 1)), "no gap, no number twice"
    said = [turn.content for turn in turns]
    assert len(set(said)) == len(said)
    for writer in range(1, 8):
        own = [text for text in said if text.startswith(f"{writer}/")]
        assert own == [f"{writer}/{number}" for number in range(EACH)]
        assert profile.value[f"field_{writer}"] == EACH - 1, "no update of another writer was lost"
    assert set(confirmed) <= set(said), "what was confirmed before the kill is there"
    assert len(confirmed) >= 5
    assert [change.version for change in changes] == list(range(profile.version, 0, -1))
    assert profile.version >= 1 + 7 * EACH + len(confirmed) - 1


@pytest.mark.parametrize("failpoint", SESSIONS)
def test_kill_and_append_again(tmp_path: Path, failpoint: str) -> None:
    _append(tmp_path, failpoint)


@pytest.mark.parametrize("failpoint", PROFILES)
def test_kill_and_set_again(tmp_path: Path, failpoint: str) -> None:
    _set(tmp_path, failpoint)


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("failpoint", [*SESSIONS, *PROFILES])
def test_full_matrix(tmp_path: Path, postgres_url: str, failpoint: str) -> None:
    (_append if failpoint in SESSIONS else _set)(tmp_path, failpoint, ledger=postgres_url)


def _append(root: Path, failpoint: str, *, ledger: str | None = None) -> None:
    bench = Workbench(root)
    bench.configure(ledger=ledger)
    with bench.open() as workspace:
        workspace.sessions.append("s", "one", id="one")
    killed = _run(bench, _APPEND, failpoint)
    assert was_killed(killed), killed.stderr
    assert killed.stdout == ""
    with bench.open() as workspace:
        kept = [turn.content for turn in workspace.sessions.show("s").items]
        assert kept == (["one", "two"] if failpoint.endswith("committed") else ["one"])
        again = workspace.sessions.append("s", "two", id="two")
        assert again.new is (len(kept) == 1)
        assert [turn.content for turn in workspace.sessions.show("s").items] == ["one", "two"]
        assert workspace.sessions.append("s", "three", expect=2).last_seq == 3


def _set(root: Path, failpoint: str, *, ledger: str | None = None) -> None:
    bench = Workbench(root)
    bench.configure(ledger=ledger, extra=PROFILE)
    _write_schema(root)
    with bench.open() as workspace:
        workspace.profiles.set("learner", "eve", {"level": "A2"})
    killed = _run(bench, _SET, failpoint)
    assert was_killed(killed), killed.stderr
    assert killed.stdout == ""
    with bench.open() as workspace:
        found = workspace.profiles.get("learner", "eve")
        done = failpoint.endswith("committed")
        assert (found.version, found.value) == ((2, {"level": "B1"}) if done else (1, {"level": "A2"}))
        assert len(workspace.profiles.history("learner", "eve").changes) == found.version
        if not done:
            assert workspace.profiles.set("learner", "eve", {"level": "B1"}, expect=1).version == 2


def _write_schema(root: Path) -> None:
    (root / "schemas").mkdir()
    schema = {"type": "object", "properties": {"level": {"type": "string"}}}
    (root / "schemas" / "learner.json").write_text(json.dumps(schema))


def _run(bench: Workbench, program: str, failpoints: str) -> subprocess.CompletedProcess[str]:
    return run_python(program, str(bench.root), failpoints=failpoints)
