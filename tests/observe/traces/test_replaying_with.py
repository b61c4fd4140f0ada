"""Traces asked again with another prompt, over another generation, at a release: it only reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.cli.main import run
from headrace.errors import NotFoundError, UsageError
from headrace.ledger.erasure.scope import TOMBSTONE
from headrace.records.call import SpanEvent
from headrace.records.traces import ReplayedTrace
from headrace.workspace import Workspace
from tests.fakes.model_server import Act, ModelServer
from tests.workbench import Workbench

CONFIG = """
[models.up]
base_url = "{url}"
model = "good"
max_retries = 0

[erasure]
reader_wait = "0s"

[corpus.docs.access]
"docs/staff/*" = ["staff"]
"**" = ["public"]
"""
FIRST = """---
model: up
variables: {question: str, phone: int, tone: "str?"}
---
Briefly, {{ tone }}, {{ phone }}: {{ question }}
"""
SECOND = "---\nmodel: up\nvariables: {question: str, phone: int}\n---\nLonger, {{ phone }}: {{ question }}\n"
HIDING = "---\nmodel: up\nvault: on\nvariables: {question: str}\n---\nShort: {{ question }}\n"
THIRD = "---\nmodel: up\nvariables: {question: str, place: str}\n---\n{{ question }} in {{ place }}\n"
PHONE = 491701234567


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer(Act(text="An answer.")) as running:
        yield running


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Workbench:
    made = Workbench(tmp_path_factory.mktemp("replays"))
    made.configure(extra=CONFIG.format(url=server.base_url))
    (made.root / "prompts").mkdir()
    (made.root / "prompts/terms.md").write_text(FIRST)
    (made.root / "prompts/hiding.md").write_text(HIDING)
    (made.root / "prompts/who.md").write_text("---\nmodel: up\nvariables: {model: str}\n---\n{{ model }}\n")
    made.write("herons.md", "# Herons\n\nHerons nest in the old mill every spring.")
    made.write("staff/pay.md", "# Pay\n\nThe zanzibar bonus is paid in May.")
    made.sync()
    return made


@pytest.fixture(scope="module")
def workspace(bench: Workbench) -> Iterator[Workspace]:
    with bench.open() as opened:
        yield opened


@pytest.fixture(scope="module")
def call(workspace: Workspace) -> str:
    given = {"question": "Write to anna@example.com?", "phone": PHONE, "tone": "warm"}
    return workspace.calls.run("terms", given, subject="anna").trace_id


@pytest.fixture(scope="module")
def released(workspace: Workspace, call: str) -> str:
    return workspace.release.create().release.release


def span_of(workspace: Workspace, trace: str) -> SpanEvent:
    (span,) = [span for span in workspace.events.trace(trace) if span.kind == "call"]
    return span


def one(workspace: Workspace, trace: str, **asked: Any) -> ReplayedTrace:
    (found,) = workspace.traces.replay([trace], **asked).traces
    return found


def state(root: Path) -> dict[str, tuple[int, int]]:
    files = (path for path in (root / ".headrace").rglob("*") if path.is_file() and "-shm" not in path.name)
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def test_variables_stand_redacted_on_the_span(workspace: Workspace, call: str) -> None:
    kept = span_of(workspace, call).attributes["variables"]
    assert set(kept) == {"question", "phone", "tone"}
    assert kept["tone"] == "warm"
    assert "anna@example.com" not in json.dumps(kept)
    assert isinstance(kept["phone"], str), "a long number is a text, which is looked through"


def test_behind_the_vault_variables_hold_the_tokens_that_were_sent(
    workspace: Workspace, server: ModelServer
) -> None:
    trace = workspace.calls.run("hiding", {"question": "Write to carl@example.com?"}).trace_id
    kept = span_of(workspace, trace).attributes["variables"]["question"]
    assert "carl" not in kept
    assert server.asked[-1].body["messages"][0]["content"] == f"Short: {kept}"


def test_a_call_is_made_of_another_prompt_and_nothing_is_written(
    bench: Workbench, workspace: Workspace, server: ModelServer, call: str, released: str
) -> None:
    (bench.root / "prompts/terms.md").write_text(SECOND)
    (bench.root / "prompts/place.md").write_text(THIRD)
    (bench.root / "prompts/tone.md").write_text("---\nmodel: up\nvariables: {tone: str}\n---\n{{ tone }}!\n")
    before = state(bench.root)
    found = one(workspace, call, prompt="tone@working-tree")
    assert found.after is not None, found.error
    assert server.asked[-1].body["messages"][0]["content"] == "warm!"
    assert found.left_out == ("phone", "question")
    assert found.after.prompt != found.before.prompt
    refused = one(workspace, call, prompt="place@working-tree")
    assert refused.after is None
    assert "needs 'place'" in str(refused.error)
    served = one(workspace, call, prompt="terms@production")
    assert served.after is not None, served.error
    assert served.after.prompt == served.before.prompt
    exact = one(workspace, call, prompt=f"terms@{served.before.prompt}")
    assert exact.after is not None, exact.error
    pinned = one(workspace, call, at_release=released)
    assert pinned.after is not None, pinned.error
    assert server.asked[-1].body["messages"][0]["content"].startswith("Briefly, warm")
    assert state(bench.root) == before, "no span, version, record, cached output or letter"
    assert run(["trace", "replay", call, "-p", "tone@working-tree", "-w", str(bench.root)]) == 0


def test_calls_without_variables_say_so(workspace: Workspace) -> None:
    messages = [{"role": "user", "content": "Hello"}]
    trace = _plain(workspace, messages)
    assert "variables" not in span_of(workspace, trace).attributes
    found = one(workspace, trace, prompt="terms@production")
    assert found.after is None
    assert "variables of this call were not kept" in str(found.error)
    assert one(workspace, trace).after is not None


def test_questions_and_searches_read_another_generation_or_release(
    bench: Workbench, workspace: Workspace, call: str, released: str
) -> None:
    ask = workspace.ask("Where do herons nest?", access=["public"]).trace_id
    search = workspace.search("herons nest", access=["public"]).trace_id
    bench.write("mill.md", "# The mill\n\nHerons nest beside the mill since the storm.")
    workspace.index.build(fresh=True)
    before = state(bench.root)
    report = workspace.traces.replay([ask, search, call], generation="docs/2")
    assert (len(report.traces), report.skipped) == (2, 1), "another index changes no call"
    asked, searched = report.traces
    assert searched.after is not None, searched.error
    assert asked.after is not None, asked.error
    assert searched.before.output == "docs/herons.md"
    assert sorted(searched.after.output.split("\n")) == ["docs/herons.md", "docs/mill.md"]
    assert asked.overlap is not None
    assert asked.overlap < 1
    pinned = workspace.traces.replay([ask, search], at_release=released)
    assert (pinned.same, pinned.failed) == (2, 0)
    with pytest.raises(NotFoundError):
        workspace.traces.replay([ask], generation="docs/9")
    with pytest.raises(UsageError, match="pins its own model"):
        workspace.traces.replay([ask], at_release=released, model="up")
    assert state(bench.root) == before


def test_labels_of_then_count_only_where_the_caller_has_them(workspace: Workspace) -> None:
    trace = workspace.search("zanzibar bonus", access=["public", "staff"]).trace_id
    (whole,) = workspace.traces.replay([trace]).traces
    assert whole.after is not None
    assert "docs/staff/pay.md" in whole.after.output
    (narrow,) = workspace.traces.replay([trace], access=["public"]).traces
    assert narrow.after is not None
    assert narrow.after.output
    assert "docs/staff/pay.md" not in narrow.after.output


def test_forgetting_a_user_takes_the_variables(workspace: Workspace) -> None:
    # A variable of this name is a fact anywhere else on a span, and stays.
    trace = workspace.calls.run("who", {"model": "Who?"}, subject="ben").trace_id
    assert span_of(workspace, trace).attributes["variables"] == {"model": "Who?"}
    workspace.forget("subject:ben", reason="asked")
    assert span_of(workspace, trace).attributes["variables"] == TOMBSTONE
    found = one(workspace, trace, prompt="who@production")
    assert "were erased" in str(found.error)


def _plain(workspace: Workspace, messages: list[dict[str, str]]) -> str:
    from headrace.infer.providers.portal import portal

    request = workspace.calls.plain("up", messages)
    return portal().run(workspace.gateway.call(request)).trace_id
