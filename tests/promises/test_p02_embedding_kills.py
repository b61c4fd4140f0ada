"""P2: checks, letters and probes survive a kill at any point; the next run goes on from there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.flows import probing as _probing  # noqa: F401 - declares the failpoints of probes
from headrace.infer.embedders import watch as _watch  # noqa: F401 - declares the failpoints of checks
from headrace.ledger.failpoints import NAMES
from tests.fakes import openai_server as fake
from tests.promises.test_p06_nothing_fails_silently import MODELS
from tests.workbench import Workbench, was_killed

FAILPOINTS = sorted(name for name in NAMES if name.startswith("embedding."))
WITH_LETTERS = ["sync.in_ledger_transaction", "sync.after_publish"]
PROBES = "probes = 4\n"


@pytest.fixture
def server() -> Iterator[fake.OpenAIServer]:
    with fake.OpenAIServer(dimension=8) as server:
        yield server


def _bench(root: Path, server: fake.OpenAIServer, ledger: str | None = None) -> Workbench:
    bench = Workbench(root)
    bench.configure(embedder="fake:tiny", ledger=ledger, extra=MODELS.format(url=server.base_url))
    config = root / "headrace.toml"
    config.write_text(config.read_text().replace('sources = ["docs"]\n', f'sources = ["docs"]\n{PROBES}'))
    for number in range(4):
        bench.write(f"{number}.md", f"Page number {number} says a word about the herons.")
    return bench


def test_every_step_has_a_failpoint() -> None:
    assert {name.removeprefix("embedding.") for name in FAILPOINTS} == {
        "check_in_transaction",
        "check_recorded",
        "probes_in_transaction",
        "probes_recorded",
        "sentinels_measured",
    }


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_kill_then_rerun(tmp_path: Path, server: fake.OpenAIServer, failpoint: str) -> None:
    _kill_and_rerun(_bench(tmp_path, server), failpoint)


def test_kill_then_rerun_on_postgresql(tmp_path: Path, server: fake.OpenAIServer, postgres_url: str) -> None:
    _kill_and_rerun(_bench(tmp_path, server, postgres_url), "embedding.check_in_transaction")


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("HEADRACE_SOAK"), reason="the full matrix belongs to `make soak`")
@pytest.mark.parametrize("failpoint", [*FAILPOINTS, *WITH_LETTERS])
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_full_matrix(
    tmp_path: Path,
    server: fake.OpenAIServer,
    request: pytest.FixtureRequest,
    failpoint: str,
    engine: str,
) -> None:
    ledger = request.getfixturevalue("postgres_url") if engine == "postgresql" else None
    _kill_and_rerun(_bench(tmp_path, server, ledger), failpoint)


def _kill_and_rerun(bench: Workbench, failpoint: str) -> None:
    killed = bench.sync_in_process(failpoints=failpoint)
    assert was_killed(killed), killed.stderr
    bench.sync()
    assert len(bench.rows()) == 4
    with bench.open() as workspace:
        outcomes = [check.outcome for check in workspace.embeddings.history().checks]
        assert outcomes[-1] == "recorded"
        assert set(outcomes) <= {"recorded", "passed"}
        assert workspace.sync().documents.unchanged == 4


def test_a_block_survives_a_kill(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = _bench(tmp_path, server)
    bench.sync()
    before = bench.rows()
    bench.write("new.md", "A page about cranes.")
    server.misbehave(fake.another_model())
    assert was_killed(bench.sync_in_process(failpoints="embedding.check_recorded"))
    server.behave()
    report = bench.sync()
    assert "cosine" in report.withheld_reason
    assert bench.rows() == before


def test_a_kill_before_the_block_is_durable_writes_nothing(tmp_path: Path, server: fake.OpenAIServer) -> None:
    bench = _bench(tmp_path, server)
    bench.sync()
    before = bench.rows()
    bench.write("new.md", "A page about cranes.")
    server.misbehave(fake.another_model())
    assert was_killed(bench.sync_in_process(failpoints="embedding.check_in_transaction"))
    assert bench.rows() == before
    assert bench.sync().waiting == 1
    assert bench.rows() == before


@pytest.mark.parametrize("failpoint", WITH_LETTERS)
def test_letters_are_published_with_their_batch(
    tmp_path: Path, server: fake.OpenAIServer, failpoint: str
) -> None:
    bench = _bench(tmp_path, server)
    bench.write("bad.md", "A forbidden word.")
    server.misbehave(fake.refusing("forbidden"))
    assert was_killed(bench.sync_in_process(failpoints=failpoint))
    with bench.open() as workspace:
        known = len(workspace.embeddings.dead_letters().letters)
        failed = len(workspace.status().corpora[0].failures)
    assert known == failed == (failpoint == "sync.after_publish")
    bench.sync()
    with bench.open() as workspace:
        (letter,) = workspace.embeddings.dead_letters().letters
    assert letter.attempts == 1 + known
