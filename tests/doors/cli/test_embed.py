"""`headrace embed`: what it prints, as text and as JSON, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doors.cli.program import Program
from tests.fakes import openai_server as fake
from tests.promises.test_p06_nothing_fails_silently import MODELS
from tests.workbench import Workbench


@pytest.fixture
def server() -> Iterator[fake.OpenAIServer]:
    with fake.OpenAIServer(dimension=8) as server:
        yield server


@pytest.fixture
def bench(tmp_path: Path, server: fake.OpenAIServer) -> Workbench:
    """One page is indexed, another one waits."""
    bench = Workbench(tmp_path)
    bench.configure(embedder="fake:tiny", extra=MODELS.format(url=server.base_url))
    bench.write("page.md", "A page about herons.")
    bench.sync()
    bench.write("new.md", "A page about a forbidden crane.")
    return bench


def _ran(headrace: Program, bench: Workbench, *words: str, code: int = 0) -> str:
    done = headrace(*words, cwd=bench.root)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    return done.stdout


def _loaded(headrace: Program, bench: Workbench, *words: str, code: int = 0) -> Any:
    return json.loads(_ran(headrace, bench, *words, "--json", code=code))


def test_a_changed_embedder_from_the_first_sign_to_the_decision(
    headrace: Program, bench: Workbench, server: fake.OpenAIServer
) -> None:
    server.misbehave(fake.renamed("tiny-2"))
    said = " ".join(_ran(headrace, bench, "sync", code=3).split())
    assert "1 document: Embedder 'fake:tiny' is blocked" in said
    assert "headrace embed accept" in said
    status = _ran(headrace, bench, "status")
    assert "its embedder: the provider reports the model 'tiny-2'" in " ".join(status.split())
    assert "headrace embed check --corpus docs" in status
    checked = _loaded(headrace, bench, "embed", "check", code=3)
    assert [item["outcome"] for item in checked["checks"]] == ["changed"]
    assert "`revision`" in _ran(headrace, bench, "embed", "check", code=3)
    assert "accepted" in _ran(headrace, bench, "embed", "accept", "--reason", "renamed")
    assert "nothing was accepted" in _ran(headrace, bench, "embed", "accept", "--reason", "again")
    history = _ran(headrace, bench, "embed", "check", "--history")
    assert history.count("changed") == 3
    assert all(len(line) <= 80 for line in history.splitlines())
    assert _loaded(headrace, bench, "sync")["waiting"] == 0


def test_an_embedder_that_is_down_ends_with_1(
    headrace: Program, bench: Workbench, server: fake.OpenAIServer
) -> None:
    server.misbehave(fake.error(401, message="bad key"))
    assert "bad key" in " ".join(_ran(headrace, bench, "embed", "check", code=1).split())


def test_refused_texts_are_listed_and_sent_again(
    headrace: Program, bench: Workbench, server: fake.OpenAIServer
) -> None:
    assert _ran(headrace, bench, "embed", "dead-letters") == "No text is refused.\n"
    server.misbehave(fake.refusing("forbidden"))
    _ran(headrace, bench, "sync", code=1)
    listed = _ran(headrace, bench, "embed", "dead-letters")
    assert "docs/new.md" in listed
    assert "1 attempt" in listed
    assert "1 text by the embedder" in _ran(headrace, bench, "status")
    retried = _loaded(headrace, bench, "embed", "retry", code=1)
    assert (retried["tried"], retried["healed"], len(retried["letters"])) == (1, 0, 1)
    server.behave()
    assert "1 refused text sent again, 1 refused no more." in _ran(headrace, bench, "embed", "retry")
    assert "nothing was sent" in _ran(headrace, bench, "embed", "retry")
