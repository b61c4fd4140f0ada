"""P2: a process that is killed under load has every answered call in its stores, once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import headrace
from headrace.flows.calling import batch as _batch  # noqa: F401 - they declare failpoints
from headrace.infer.gateway import gateway as _gateway  # noqa: F401
from headrace.ledger.failpoints import NAMES
from tests.fakes.model_server import Act, ModelServer
from tests.infer.gateway.gateways import configure
from tests.infer.gateway.load import load
from tests.infer.gateway.misbehaviours import GOOD
from tests.processes import run_python
from tests.workbench import was_killed

_LOAD = 'import runpy; runpy.run_module("tests.infer.gateway.load", run_name="__main__")'

CALLS = ["call.after_answer", "call.after_record", "call.in_letter_transaction", "call.before_span"]
CALLS += ["call.after_span", "call.before_key_finished"]
EVENTS = ["events.before_commit", "events.after_commit"]
AGAIN = {"call.after_span", "call.before_key_finished"}
"""After these the same rows are asked for again."""
BATCH = "call.before_batch_line"
BAD = Act(text='{"total": "twelve", "currency": "EUR"}')
ROWS = 40


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    """An upstream with one good model and one bad one."""
    with ModelServer(GOOD) as running:
        running.by_model["another-model"] = BAD
        yield running


def test_every_step_of_a_call_is_killed_below() -> None:
    assert {*CALLS, BATCH} >= {name for name in NAMES if name.startswith("call.")}


@pytest.mark.parametrize("failpoint", CALLS)
def test_every_answered_call_is_stored_once(tmp_path: Path, server: ModelServer, failpoint: str) -> None:
    configure(tmp_path, server.base_url)
    _killed_and_whole(tmp_path, f"{failpoint}=kill:4", again=failpoint in AGAIN)


def test_every_answered_call_is_stored_once_on_postgresql(
    tmp_path: Path, server: ModelServer, postgres_url: str
) -> None:
    configure(
        tmp_path, server.base_url, extra=f'[storage]\nledger = "{postgres_url}"\nevents = "{postgres_url}"'
    )
    _killed_and_whole(tmp_path, "call.after_span=kill:8", again=False)


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("nth", [1, 2, 5, 9])
@pytest.mark.parametrize("failpoint", [*CALLS, *EVENTS])
def test_full_matrix(tmp_path: Path, server: ModelServer, failpoint: str, nth: int) -> None:
    configure(tmp_path, server.base_url)
    _killed_and_whole(tmp_path, f"{failpoint}=kill:{nth}", again=True)


def test_a_batch_that_was_killed_goes_on_where_it_stopped(tmp_path: Path, server: ModelServer) -> None:
    configure(tmp_path, server.base_url)
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "greet.md").write_text("---\nmodel: up\n---\nGreet {{ name }}.", encoding="utf-8")
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(f'{{"id": {n}, "variables": {{"name": "{n}"}}}}\n' for n in range(12)))
    command = [sys.executable, "-m", "headrace", "-w", str(tmp_path), "call", "batch", str(file)]
    command += ["--prompt", "greet", "--json"]
    killed = _run(command, f"{BATCH}=kill:6")
    assert was_killed(killed), killed.stderr
    output = tmp_path / "rows.out.jsonl"
    before = [json.loads(line)["key"] for line in output.read_text().splitlines()]
    assert len(before) == 5
    with output.open("a", encoding="utf-8") as half:
        half.write('{"key": "11", "cont')  # as a power cut leaves it
    with headrace.open(tmp_path) as workspace:
        report = workspace.calls.batch(file, prompt="greet")
    assert (report.rows, report.skipped, report.valid) == (12, 5, 7)
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert Counter(line["key"] for line in lines) == Counter(map(str, range(12)))
    with headrace.open(tmp_path) as workspace:
        assert all(len(workspace.events.trace(line["trace_id"])) == 1 for line in lines)


def _killed_and_whole(root: Path, failpoint: str, *, again: bool) -> None:
    killed = _load(root, range(ROWS), failpoint)
    # A later time of passing may never come, where many calls share a commit.
    assert was_killed(killed) or (killed.returncode == 0 and int(failpoint[-1]) > 4), killed.stderr
    answered = [json.loads(line) for line in killed.stdout.splitlines()]
    _check(root, answered)
    if not again:
        return
    keyed = {line["row"]: line["trace"] for line in answered if line["row"] % 2}
    others = [row for row in range(0, ROWS, 2) if row not in {line["row"] for line in answered}]
    found: list[dict[str, Any]] = []
    load(root, [*keyed, *others], found.append)
    # Under its key an answered call is answered as before, and is no second call.
    assert {line["row"]: line["trace"] for line in found if line["row"] % 2} == keyed
    _check(root, [*answered, *found])


def _check(root: Path, answered: Sequence[dict[str, Any]]) -> None:
    with headrace.open(root) as workspace:
        stored = Counter(span.trace_id for span in workspace.events.all() if span.kind == "call")
        letters = {letter.id: letter.trace_id for letter in workspace.calls.letters().items}
    assert all(stored[line["trace"]] == 1 for line in answered)
    assert all(letters[line["letter"]] == line["trace"] for line in answered if line["letter"])
    assert all(bool(line["letter"]) == (line["row"] % 3 == 0) for line in answered)


def _load(root: Path, rows: Sequence[int], failpoint: str) -> subprocess.CompletedProcess[str]:
    return run_python(_LOAD, str(root), json.dumps(list(rows)), failpoints=failpoint)


def _run(command: Sequence[str], failpoint: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, "HEADRACE_FAILPOINTS": failpoint},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
