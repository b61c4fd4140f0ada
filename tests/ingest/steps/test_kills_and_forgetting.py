"""What was paid for survives a kill; what a document is forgotten takes with it goes for good."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from headrace.ingest.steps import store as _store  # noqa: F401 - declares its failpoints
from headrace.ledger.failpoints import NAMES
from tests.fakes import openai_server as fake
from tests.ingest.steps.workbench import GOOD, calls, metadata, stepped
from tests.workbench import Workbench, was_killed

FAILPOINTS = sorted(name for name in NAMES if name.startswith("steps."))
PUBLISHING = ["sync.in_ledger_transaction", "sync.after_publish"]


def _bench(root: Path, server: fake.OpenAIServer, ledger: str | None = None) -> Workbench:
    bench = stepped(root, server, ledger=ledger, extra='\n[erasure]\nreader_wait = "0s"\n')
    bad = fake.writing(lambda _: "{}")
    server.misbehave(fake.by_word({"bad": bad}, fake.writing(lambda _: GOOD)))
    for number in range(3):
        bench.write(f"{number}.md", f"Page {number} says a word about herons.")
    bench.write("bad.md", "A bad page.")
    return bench


def test_every_write_has_a_failpoint() -> None:
    assert FAILPOINTS == ["steps.in_output_transaction", "steps.outputs_stored"]


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_kill_then_rerun(tmp_path: Path, server: fake.OpenAIServer, failpoint: str) -> None:
    _kill_and_rerun(_bench(tmp_path, server), server, failpoint)


def test_kill_then_rerun_on_postgresql(tmp_path: Path, server: fake.OpenAIServer, postgres_url: str) -> None:
    _kill_and_rerun(_bench(tmp_path, server, postgres_url), server, "steps.outputs_stored")


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("failpoint", [*FAILPOINTS, *PUBLISHING])
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_full_matrix(
    tmp_path: Path, server: fake.OpenAIServer, request: pytest.FixtureRequest, failpoint: str, engine: str
) -> None:
    ledger = request.getfixturevalue("postgres_url") if engine == "postgresql" else None
    _kill_and_rerun(_bench(tmp_path, server, ledger), server, failpoint)


def _kill_and_rerun(bench: Workbench, server: fake.OpenAIServer, failpoint: str) -> None:
    killed = bench.sync_in_process(failpoints=failpoint)
    assert was_killed(killed), killed.stderr
    asked = len(calls(server))
    bench.sync()
    paid_twice = failpoint == "steps.in_output_transaction"
    assert len(calls(server)) == asked * (2 if paid_twice else 1)
    served = metadata(bench)
    assert [row["category"] for _, row in sorted(served.items())] == ["bird", "bird", "bird", "unknown"]
    with bench.open() as workspace:
        (letter,) = workspace.steps.dead_letters().letters
    assert (letter.document, letter.tries) == ("docs/bad.md", 1)


def test_forgetting_takes_outputs_uses_states_and_letters(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = _bench(tmp_path, server)
    unique = '{"category": "the secret heron of the north pond", "year": 1}'
    server.misbehave(
        fake.by_word(
            {"bad": fake.writing(lambda _: "{}"), "Page 0": fake.writing(lambda _: unique)},
            fake.writing(lambda _: GOOD),
        )
    )
    bench.write("twin.md", (tmp_path / "docs" / "1.md").read_text())
    bench.sync()
    (tmp_path / "docs" / "0.md").rename(tmp_path / "docs" / "renamed.md")
    bench.sync()
    with bench.open() as workspace:
        for name in ("renamed.md", "1.md", "bad.md"):
            report = workspace.forget(f"docs/{name}", confirmed=True)
            assert report.certificate
    ledger = sqlite3.connect(tmp_path / ".headrace" / "ledger.sqlite")

    def rows(table: str) -> int:
        return int(ledger.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    assert (rows("step_outputs"), rows("step_uses"), rows("step_states"), rows("step_letters")) == (
        2,
        2,
        2,
        0,
    )
    ledger.close()
    state = b"".join(path.read_bytes() for path in (tmp_path / ".headrace").glob("ledger.sqlite*"))
    assert b"secret heron" not in state
    assert bench.sync().documents.unchanged == 2
