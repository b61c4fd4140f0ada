"""`headrace step` at the command line, and the same over HTTP in Python."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.cli.program import Program
from tests.fakes import openai_server as fake
from tests.ingest.steps.workbench import GOOD, stepped
from tests.workbench import Workbench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """Two documents, one of which the model gets wrong."""
    with fake.OpenAIServer(dimension=8) as server:
        bench = stepped(tmp_path_factory.mktemp("steps"), server)
        wrong = fake.writing(lambda _: "I would rather not.")
        server.misbehave(fake.by_word({"bad": wrong}, fake.writing(lambda _: GOOD)))
        bench.write("good.md", "A good page.")
        bench.write("bad.md", "A bad page.")
        yield bench


def test_a_day_with_a_step(headrace: Program, bench: Workbench) -> None:
    root = str(bench.root)
    planned = headrace("plan", "-w", root)
    assert "step       facts: 2 calls to make, 0 stored, about" in planned.stdout
    synced = headrace("sync", "-w", root)
    assert synced.returncode == 1
    assert "facts: 2 calls, 0 stored, 1 failed" in synced.stdout
    assert "headrace step dead-letters" in synced.stdout
    again = headrace("sync", "-w", root, "--json")
    assert (again.returncode, json.loads(again.stdout)["steps"]["facts"]["calls"]) == (0, 0)
    status = headrace("status", "-w", root).stdout
    assert "facts: 1 failed, 1 written" in status
    shown = headrace("step", "show", "facts", "-w", root).stdout
    assert "category, year, since" in shown
    assert "1 failed, 1 written" in shown
    letters = headrace("step", "dead-letters", "-w", root)
    assert letters.returncode == 0
    assert "I would rather not." in letters.stdout
    assert "invalid: output: it is not JSON" in letters.stdout
    retried = headrace("step", "retry", "-w", root, "--json")
    assert (retried.returncode, json.loads(retried.stdout)["healed"]) == (1, 0)
    sample = Path(root) / "sample.jsonl"
    sample.write_text('{"document": "docs/good.md", "expected": {"category": "bird"}}\n')
    measured = headrace("step", "accuracy", "facts", "--sample", str(sample), "-w", root).stdout
    assert "exact match 1.000 [0.207, 1.000]" in measured


def test_a_file_is_tried_and_nothing_is_kept(headrace: Program, bench: Workbench) -> None:
    root = str(bench.root)
    done = headrace("step", "test", "facts", f"{root}/docs/good.md", "-w", root)
    assert done.returncode == 0
    assert "written  facts  good.md" in done.stdout
    assert GOOD in done.stdout
    failed = headrace("step", "test", "facts", f"{root}/docs/bad.md", "-w", root, "--json")
    assert failed.returncode == 1
    report = json.loads(failed.stdout)
    assert (report["state"], len(report["attempts"]), report["fields"]) == (
        "failed",
        2,
        {"category": "unknown"},
    )
    unknown = headrace("step", "test", "fact", f"{root}/docs/bad.md", "-w", root)
    assert unknown.returncode == 2
    assert "'facts'" in unknown.stderr
