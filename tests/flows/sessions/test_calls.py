"""Calls of prompts that take features, a profile or the history of a session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import ConfigError, UsageError
from headrace.infer.prompts.file import parse_prompt
from headrace.infer.prompts.shape import from_shape, shape_of
from headrace.records.call import SpanEvent
from headrace.workspace import Workspace
from tests.fakes.model_server import Act, ModelServer
from tests.workbench import Workbench

CONFIG = """
[models.up]
base_url = "{url}"
model = "good"
max_retries = 0

[profiles.learner]
schema = "learner"

[erasure]
reader_wait = "0s"
"""
VIEW = """
entity = ["user_id"]
event_time = "updated_at"
ttl = "3650d"

[source]
csv = "accounts.csv"

[schema]
user_id = "string"
balance = "number"
plan = "string"
"""
ROWS = """user_id,balance,plan,updated_at
u7,12.5,free,2026-01-02T00:00:00Z
u7,30.25,pro,2026-02-01T00:00:00Z
old,1.0,free,2001-01-01T00:00:00Z
"""
OWED = """---
model: up
variables: {question: str}
features:
  - account:balance
  - {name: "account:plan", as: tariff, default: none}
---
{{ balance }} {{ tariff }}: {{ question }}
"""
TUTOR = """---
model: up
profile: learner
history: messages
variables: {question: str}
---
## system
Level {{ profile.level | default("unknown") }}.
## user
{{ question }}
"""
CHAT = "---\nmodel: up\nvariables: {message: str, history: str}\n---\n{{ history }}\nNow: {{ message }}\n"
FILES = {
    "features/account.toml": VIEW,
    "accounts.csv": ROWS,
    "prompts/owed.md": OWED,
    "prompts/tutor.md": TUTOR,
    "prompts/chat.md": CHAT,
    "prompts/level.md": "---\nmodel: up\nschema: learner\n---\nLevel of {{ text }}?\n",
    "schemas/learner.json": '{"type": "object", "properties": {"level": {"type": "string"}}}',
}


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer(Act(text="An answer.")) as running:
        yield running


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Iterator[Workspace]:
    bench = Workbench(tmp_path_factory.mktemp("calls"))
    bench.configure(extra=CONFIG.format(url=server.base_url))
    for name, text in FILES.items():
        (bench.root / name).parent.mkdir(exist_ok=True)
        (bench.root / name).write_text(text)
    with bench.open() as opened:
        opened.features.materialise("account")
        yield opened


def span_of(workspace: Workspace, trace: str) -> SpanEvent:
    (span,) = [span for span in workspace.events.trace(trace) if span.kind == "call"]
    return span


def sent(server: ModelServer) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = server.asked[-1].body["messages"]
    return messages


def test_the_value_in_the_span_is_the_one_of_the_training_row(
    workspace: Workspace, server: ModelServer
) -> None:
    report = workspace.calls.run(
        "owed", {"question": "How much?"}, entity={"user_id": "u7"}, subject="u7", session="s-owed"
    )
    assert sent(server)[0]["content"] == "30.25 pro: How much?"
    span = span_of(workspace, report.trace_id)
    balance, plan = span.attributes["features"]
    assert (balance["variable"], balance["status"], plan["variable"]) == ("balance", "ok", "tariff")
    assert balance["event_time"] == "2026-02-01T00:00:00Z"
    assert balance["entity"] == {"user_id": span.subject}, "the user is a keyed hash, the same one"
    at = datetime.fromtimestamp(span.start_ns / 1e9, UTC).isoformat()
    (row,) = workspace.features.join_rows(
        [{"user_id": "u7", "event_time": at}], ["account:balance", "account:plan"]
    ).values
    assert {use["name"]: use["value"] for use in (balance, plan)} == {
        "account:balance": row["account__balance"],
        "account:plan": row["account__plan"],
    }


def test_a_missing_or_expired_value_follows_the_default_or_refuses(
    workspace: Workspace, server: ModelServer
) -> None:
    for entity, status in (("nobody", "missing"), ("old", "expired")):
        with pytest.raises(UsageError, match=f"'account:balance', which is {status}"):
            workspace.calls.run("owed", {"question": "?"}, entity={"user_id": entity})
        given = {"question": "?", "balance": 1}
        report = workspace.calls.run("owed", given, entity={"user_id": entity})
        assert sent(server)[0]["content"] == "1 none: ?"
        uses = span_of(workspace, report.trace_id).attributes["features"]
        assert [(use["status"], use["value"]) for use in uses] == [("given", 1), (status, "none")]
    with pytest.raises(UsageError, match="no entity is named"):
        workspace.calls.run("owed", {"question": "?"})
    with pytest.raises(UsageError, match="needs the key 'user_id'"):
        workspace.calls.run("owed", {"question": "?"}, entity={"account": "u7"})


def test_a_profile_and_the_history_as_messages(workspace: Workspace, server: ModelServer) -> None:
    workspace.profiles.set("learner", "kim", {"level": "B1"})
    first = workspace.calls.run("tutor", {"question": "What is a weir?"}, subject="kim", session="tutor-1")
    second = workspace.calls.run("tutor", {"question": "And a sluice?"}, subject="kim", session="tutor-1")
    assert sent(server) == [
        {"role": "system", "content": "Level B1."},
        {"role": "user", "content": "What is a weir?"},
        {"role": "assistant", "content": "An answer."},
        {"role": "user", "content": "And a sluice?"},
    ]
    span = span_of(workspace, second.trace_id)
    assert span.attributes["profile"] == {"name": "learner", "version": 1, "schema_version": 1}
    assert (span.attributes["history"]["kept"], span.session) == (2, "tutor-1")
    turns = workspace.sessions.show("tutor-1").items
    assert [turn.trace_id for turn in turns] == [first.trace_id] * 2 + [second.trace_id] * 2
    unknown = workspace.calls.run("tutor", {"question": "?"}, subject="new")
    assert sent(server)[0]["content"] == "Level unknown."
    assert "profile" not in span_of(workspace, unknown.trace_id).attributes
    with pytest.raises(UsageError, match="no user is named"):
        workspace.calls.run("tutor", {"question": "?"})


def test_the_history_as_a_text(workspace: Workspace, server: ModelServer) -> None:
    workspace.calls.run("chat", {"message": "Hello."}, session="chat-1")
    workspace.calls.run("chat", {"message": "And?"}, session="chat-1")
    assert sent(server)[0]["content"] == "user: Hello.\n\nassistant: An answer.\nNow: And?"
    workspace.calls.run("chat", {"message": "Alone."})
    assert sent(server)[0]["content"] == "Now: Alone."
    workspace.calls.run("chat", {"message": "Mine.", "history": "Told."}, session="chat-1")
    assert sent(server)[0]["content"] == "Told.\nNow: Mine."
    assert len(workspace.sessions.show("chat-1").items) == 4, "a history of one's own is one's own to keep"


def test_a_call_that_never_became_valid_adds_nothing(workspace: Workspace, server: ModelServer) -> None:
    server.play(*[Act(status=500, text="")] * 4)
    report = workspace.calls.run("chat", {"message": "Hello."}, session="chat-dead")
    assert report.dead_letter is not None
    assert workspace.sessions.list().sessions == [] or "chat-dead" not in {
        item.id for item in workspace.sessions.list(limit=99).sessions
    }
    server.play()
    replayed = workspace.calls.replay([report.dead_letter], model="up")
    assert replayed.resolved == 1


def test_a_forgotten_user_leaves_no_record_and_no_letter(workspace: Workspace, server: ModelServer) -> None:
    server.play(Act(text='{"level": "B1"}'))
    kept = workspace.calls.run("level", {"text": "this"}, subject=" zoe ")
    server.play(*[Act(status=500, text="")] * 4)
    failed = workspace.calls.run("level", {"text": "that"}, subject="zoe")
    server.play(*[Act(status=500, text="")] * 4)
    other = workspace.calls.run("level", {"text": "that"}, subject="adam")
    erased = {item.store: item.items for item in workspace.forget("subject:zoe").erased}
    assert (erased["records"], erased["calls"]) == (1, 1)
    assert kept.record is not None
    assert workspace.records.get(kept.record).told == "erased"
    opened = {item.id for item in workspace.calls.letters().items}
    assert other.dead_letter in opened
    assert failed.dead_letter not in opened
    server.play()


def test_rows_of_a_batch_bring_their_entities(
    workspace: Workspace, server: ModelServer, tmp_path: Path
) -> None:
    rows = [{"variables": {"question": "?"}, "entity": {"user_id": "u7"}, "key": "a"}]
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert workspace.calls.batch(tmp_path / "rows.jsonl", prompt="owed").valid == 1
    assert sent(server)[0]["content"] == "30.25 pro: ?"


def test_a_prompt_keeps_its_digest_and_comes_back_from_its_shape() -> None:
    plain = parse_prompt("p", "---\nfeatures: ['account:balance']\n---\n{{ balance }}\n")
    assert shape_of(plain)["features"] == ["account:balance"], "as the first versions stored it"
    for text in (OWED, "---\nhistory: messages\nprofile: learner\n---\n{{ profile }}\n"):
        prompt = parse_prompt("p", text)
        again = from_shape("p", shape_of(prompt), examples=())
        assert (again.digest, again.features) == (prompt.digest, prompt.features)
        assert (again.profile, again.history) == (prompt.profile, prompt.history)


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("features: [{view: account}]", "'features' lists names"),
        ("features: ['a:x', 'b:x']", "give one another name with `as`"),
        ("features: [{name: 'a:x', as: '1x'}]", "'features' lists names"),
        ("history: table", "'history' is 'table'"),
    ],
)
def test_wrong_front_matter_is_said(front: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_prompt("p", f"---\n{front}\n---\nHello.\n")
