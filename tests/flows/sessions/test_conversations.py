"""Questions in a session: what is searched for, what a model is given, what is kept, what stays out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headrace.flows.sessions.followup import leans, whole_question
from headrace.observe.sessions.config import SessionConfig
from headrace.records.call import SpanEvent
from headrace.records.search import Answer
from headrace.records.sessions import Turn, TurnInput
from headrace.workspace import Workspace
from tests.fakes.model_server import Act, ModelServer
from tests.workbench import Workbench

CONFIG = """
[ask]
model = "up"

[models.up]
base_url = "{url}"
model = "good"
max_retries = 0

[models.sum]
base_url = "{url}"
model = "summariser"
max_retries = 0

[corpus.docs.access]
"docs/board.md" = ["board"]
"*" = ["public"]

[erasure]
reader_wait = "0s"
"""
BACKUPS = 'Ninety days. [1: "Backups are kept for ninety days in Zanzibar."]'


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer(Act(text=BACKUPS)) as running:
        yield running


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Path:
    bench = Workbench(tmp_path_factory.mktemp("talks"))
    bench.configure(extra=CONFIG.format(url=server.base_url))
    bench.write("backups.md", "# Backups\n\nBackups are kept for ninety days in Zanzibar.\n")
    bench.write("board.md", "# Board\n\nThe board meets in March and decides on salaries.\n")
    bench.sync()
    return bench.root


@pytest.fixture
def workspace(root: Path, server: ModelServer) -> Iterator[Workspace]:
    server.play()
    with Workspace.open(root) as opened:
        yield opened


def tuned(workspace: Workspace, **changes: Any) -> Workspace:
    """The workspace with other settings of `[sessions]`."""
    settings = replace(SessionConfig(), embedder="hash", **changes)
    workspace.config = replace(workspace.config, sessions=settings)
    return workspace


def ask_span(workspace: Workspace, answer: Answer) -> SpanEvent:
    (span,) = [span for span in workspace.events.trace(answer.trace_id) if span.kind == "ask"]
    return span


def told(workspace: Workspace, session: str, *contents: str) -> None:
    turns = [
        TurnInput(role="assistant" if number % 2 else "user", content=content)
        for number, content in enumerate(contents)
    ]
    workspace.sessions.extend(session, turns)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How long are backups of the cellar kept?", False),
        ("And where are the backups of the cellar?", True),
        ("Where does it keep the backups of last year?", True),
        ("Who decides?", True),
        ("What about the salaries of the board members?", True),
        ("Which items are in the iteration of March then?", False),
    ],
)
def test_a_follow_up_is_told_by_its_words(question: str, expected: bool) -> None:
    assert leans(question) is expected


def test_a_follow_up_is_searched_for_with_the_last_question_that_stood_alone() -> None:
    said = ["How long are backups of the cellar kept?", "Ninety days.", "And where?", "In Zanzibar."]
    turns = [
        Turn(seq=number, role="assistant" if number % 2 == 0 else "user", content=text, at="", tokens=1)
        for number, text in enumerate(said, start=1)
    ]
    assert whole_question("Since when?", turns) == f"{said[0]}\nSince when?"
    assert whole_question("Since when?", []) == "Since when?"
    assert whole_question("Who wrote the rules for the board?", turns) == "Who wrote the rules for the board?"


def test_a_session_goes_through_question_search_prompt_and_span(
    workspace: Workspace, server: ModelServer
) -> None:
    first = workspace.ask("How long are backups of the cellar kept?", session="talk", user=" quetzal ")
    second = workspace.ask("And where?", session="talk", user="quetzal")
    assert (first.session, second.session, second.warnings) == ("talk", "talk", ())
    roles = [message["role"] for message in server.asked[-1].body["messages"]]
    assert roles == ["system", "user", "assistant", "user"], "the turns stand before the question"
    assert server.asked[-1].body["messages"][1]["content"] == "How long are backups of the cellar kept?"
    spans = workspace.events.trace(second.trace_id)
    hashed = workspace.sessions.show("talk").session.subject
    assert {(span.session, span.subject) for span in spans} == {("talk", hashed)}
    assert {span.kind for span in spans} == {"ask", "search", "chat"}
    assert "quetzal" not in json.dumps([span.attributes for span in spans], default=str)
    facts = ask_span(workspace, second).attributes
    assert facts["searched"] == "How long are backups of the cellar kept?\nAnd where?"
    assert {name: facts["history"][name] for name in ("seq", "kept", "trimmed", "budget")} == {
        "seq": 2,
        "kept": 2,
        "trimmed": 0,
        "budget": 4000,
    }
    turns = workspace.sessions.show("talk").items
    assert [(turn.role, turn.trace_id) for turn in turns] == [
        ("user", first.trace_id),
        ("assistant", first.trace_id),
        ("user", second.trace_id),
        ("assistant", second.trace_id),
    ]
    assert turns[2].search == facts["searched"]
    assert "docs/docs/backups.md" in turns[1].documents
    found = workspace.search("cellar", session="talk", user="quetzal")
    (span,) = workspace.events.trace(found.trace_id)
    assert (span.session, span.subject) == ("talk", hashed)


def test_what_does_not_fit_is_said(workspace: Workspace, server: ModelServer) -> None:
    told(workspace, "long", *(f"{number} {'word ' * 50}" for number in range(6)))
    answer = tuned(workspace, budget=160).ask("How long are backups of the cellar kept?", session="long")
    assert answer.warnings == ("history: 4 older turns were left out to fit into 160 tokens",)
    use = ask_span(workspace, answer).attributes["history"]
    assert (use["kept"], use["trimmed"], use["policy"]) == (2, 4, "trim")
    assert use["tokens"] <= 160
    kept = [item["content"][:1] for item in server.asked[-1].body["messages"][1:-1]]
    assert kept == ["4", "5"], "the newest, in their order"


def test_summaries_are_written_once_and_kept_with_what_made_them(
    workspace: Workspace, server: ModelServer
) -> None:
    server.by_model["summariser"] = Act(text="They spoke about words.", model="sum-1")
    told(workspace, "told", *(f"{number} {'word ' * 50}" for number in range(6)))
    tuned(workspace, budget=400, overflow="summarise", summariser="sum")
    first = workspace.ask("How long are backups of the cellar kept?", session="told", user="eve")
    asked = [item.body["model"] for item in server.asked]
    assert asked == ["summariser", "good"]
    messages = server.asked[-1].body["messages"]
    assert messages[1] == {
        "role": "system",
        "content": "Summary of the conversation so far: They spoke about words.",
    }
    use = ask_span(workspace, first).attributes["history"]
    assert (use["summarised"], use["kept"], use["trimmed"]) == (4, 2, 0)
    assert use["tokens"] <= 400
    workspace.ask("How long are backups of the cellar kept?", session="told", user="eve")
    assert [item.body["model"] for item in server.asked].count("summariser") == 1, "it still holds"
    (summary,) = workspace.sessions.show("told").summaries
    assert (summary.first_seq, summary.last_seq, summary.model) == (1, 4, "sum-1")
    (call,) = workspace.events.trace(summary.trace_id or "")
    assert use["summary"] == summary.trace_id
    assert (call.kind, call.session) == ("call", None), "it answers nobody"
    assert call.subject == workspace.sessions.show("told").session.subject
    assert "0 word" in call.attributes["input"][-1]["content"]
    server.by_model["summariser"] = Act(status=500, text="")
    told(workspace, "told", *("word " * 60 for _ in range(4)))
    failed = workspace.ask("How long are backups of the cellar kept?", session="told", user="eve")
    assert any("summarise failed" in warning for warning in failed.warnings)
    assert ask_span(workspace, failed).attributes["history"]["policy"] == "trim"


def test_older_turns_are_looked_up(workspace: Workspace, server: ModelServer) -> None:
    filler = [f"filler number {number} {'word ' * 20}" for number in range(8)]
    told(workspace, "recall", "The password of the mill is heron", "Noted.", *filler)
    tuned(workspace, budget=200, overflow="retrieve")
    answer = workspace.ask("The password of the mill is what exactly, please?", session="recall")
    use = ask_span(workspace, answer).attributes["history"]
    assert use["retrieved"] >= 1
    assert use["tokens"] <= 200
    given = [item["content"] for item in server.asked[-1].body["messages"][1:-1]]
    assert given[0] == "The password of the mill is heron"
    assert given[-1] == filler[-1]
    assert any("were looked up" in warning for warning in answer.warnings)


def test_a_model_may_make_the_question_whole(workspace: Workspace, server: ModelServer) -> None:
    server.by_model["summariser"] = Act(text="Where are backups kept?")
    told(workspace, "whole", "How long are backups of the cellar kept?", "Ninety days.")
    tuned(workspace, rewriter="sum")
    answer = workspace.ask("And where?", session="whole")
    assert ask_span(workspace, answer).attributes["searched"] == "Where are backups kept?"
    server.by_model["summariser"] = Act(status=500, text="")
    answer = workspace.ask("And since when?", session="whole")
    assert "was not rewritten by sum" in answer.warnings[0]
    assert ask_span(workspace, answer).attributes["searched"].endswith("\nAnd since when?")


def test_turns_obey_the_documents_they_quote(workspace: Workspace, server: ModelServer) -> None:
    server.play(Act(text='In March. [1: "The board meets in March and decides on salaries."]'))
    workspace.ask("When does the board decide on salaries?", session="rights", access=("board",))
    answer = workspace.ask("How long are backups of the cellar kept?", session="rights")
    sent = json.dumps(server.asked[-1].body["messages"])
    assert "In March" not in sent
    assert answer.warnings == ("history: 1 turn quotes documents that may not be seen",)
    assert workspace.sessions.show("rights", access=()).withheld == 1
    assert workspace.sessions.show("rights", access=("board",)).withheld == 0


def test_a_forgotten_document_takes_the_words_that_quote_it(tmp_path: Path, server: ModelServer) -> None:
    bench = Workbench(tmp_path)
    bench.configure(extra=CONFIG.format(url=server.base_url))
    bench.write("backups.md", "Backups are kept for ninety days in Zanzibar.")
    bench.write("mill.md", "The mill stands by the river.")
    bench.sync()
    with bench.open() as workspace:
        workspace.ask("How long are backups of the cellar kept?", session="s")
        workspace.sessions.append("s", "Thanks!")
        report = workspace.forget("docs/backups.md")
        assert {item.store: item.items for item in report.erased}["sessions"] == 1
        contents = [turn.content for turn in workspace.sessions.show("s").items]
        assert contents == ["How long are backups of the cellar kept?", "[erased]", "Thanks!"]
        assert report.unproven == ()
