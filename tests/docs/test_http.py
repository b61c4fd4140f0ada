"""docs/http.md names every route and no other, and its examples answer as they say."""

from __future__ import annotations

import json
import shlex
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from headrace.curate.curation.collecting import Collected, Collector, Link
from headrace.curate.curation.consent import allowed_among
from headrace.curate.curation.drafting import case_of
from headrace.curate.curation.evidence import Evidence
from headrace.curate.curation.facts import facts_of
from headrace.curate.curation.running import keep
from headrace.infer.gateway.base import CallRequest
from headrace.ledger.storage.tables import trace_holds
from headrace.records.call import SpanEvent
from headrace.records.datasets import RowInput
from headrace.records.keys import SCOPES, Caller
from headrace.server.app import create_app
from headrace.wiring_curation import curation_parts
from headrace.workspace import Workspace
from tests.curate.traffic import asked, send
from tests.docs.pages import DOCS, blocks, headings, read, section, tables
from tests.doors.server.serving import client, serving, small_workspace
from tests.fakes.openai_server import OpenAIServer
from tests.infer.records.envelopes import GOAL, GOALS, MIGRATION, envelope
from tests.observe.traces.receiving.sent import span_fields, spans
from tests.workbench import Workbench

PAGE = DOCS / "http.md"
BASE = "http://127.0.0.1:8321"
STEP = """
[[corpus.docs.steps]]
name = "facts"
kind = "extract"
schema = "facts"
model = "small"

[models.small]
base_url = "{url}"
model = "tiny"
"""
TASTE = """\
entity = "user_id"
event_time = "at"

[source]
csv = "tastes.csv"

[schema]
vector = "vector"
"""
ACCOUNT = """
entity = "user_id"
event_time = "at"
[source]
csv = "accounts.csv"
[schema]
balance = "number"
"""
SCHEMA = '{"type": "object", "properties": {"audience": {"type": ["string", "null"]}}}'
LEARNER = '{"type": "object", "properties": {"level": {"type": "string"}}}'
DECLARED = """
[traces]
export = "http://127.0.0.1:4318"

[evals.answers]
target = "ask"

[corpus.docs.metadata]
severity = { type = "string" }

[[corpus.docs.gates]]
name = "length"

[profiles.learner]
schema = "learner"
"""
EXAMPLES = [block for block in blocks(PAGE, "sh") if block.text.startswith("curl")]


@pytest.fixture(scope="module")
def model() -> Iterator[OpenAIServer]:
    """The model of its step."""
    with OpenAIServer(answer='{"audience": null}') as server:
        yield server


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, model: OpenAIServer) -> Workbench:
    """The workspace that the examples speak of."""
    root = tmp_path_factory.mktemp("documented")
    made = small_workspace(root, extra=DECLARED + STEP.format(url=model.base_url))
    files = {
        "schemas/facts.json": SCHEMA,
        "schemas/learner.json": LEARNER,
        "prompts/facts.md": "For whom is this? {{ text }}",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    for name in ("stub.md", "draft.md"):
        made.write(name, "To be written.")
    made.sync()
    (made.root / "golden.jsonl").write_text(
        '{"question": "How long are backups kept?", "document": "retention.md"}'
    )
    (made.root / "prompts").mkdir(exist_ok=True)
    prompt = made.root / "prompts" / "triage.md"
    for text in ("Sort", "Sort with care"):
        prompt.write_text(f"---\nvariables: {{ticket: str}}\nseed: 1\n---\n{text}: {{{{ ticket }}}}\n")
        with made.open() as workspace:
            workspace.prompts.label("triage", "staging", reason="for the examples")
    prompt.write_text(prompt.read_text().replace("seed: 1", "seed: 2"))
    with made.open() as workspace:  # a second generation serves, the first is kept in step
        workspace.index.build(fresh=True)
        workspace.index.cutover("docs/2", force=True, reason="for the examples")
        workspace.ask("How long are backups kept?")
        for number in (1, 2, 3):
            keep_letter(workspace, number)
        with pytest.MonkeyPatch.context() as patch:  # the token that the page names
            patch.setattr("headrace.privacy.vault.scope.suffix", lambda *_, attempt: "k7f3q2ma")
            shield = workspace.shields.shield(CallRequest(messages=[], model="m", vault="on", trace_id="t"))
            assert shield.show(shield.hide("John Doe")) == "John Doe"
            shield.settle().result()
        keep_answer(workspace)
        hold_as_documented(workspace)
        keep_evals(workspace)
        declare_accounts(made.root)
        workspace.features.materialise("account")
        keep_items(workspace)
        keep_drafts(workspace)
        workspace.datasets.create("answers", splits={"train": 0.8, "test": 0.2})
        rows = [
            RowInput(
                key=f"q{at}", fields={"question": f"Question {at}?", "answer": "Yes.", "label": "billing"}
            )
            for at in range(9)
        ]
        workspace.datasets.add("answers", rows)
        workspace.datasets.commit("answers", message="first")
    keep_goal(made)
    return made


def keep_letter(workspace: Workspace, number: int) -> None:
    """A dead letter with the id that the page shows."""
    from headrace.infer.gateway.base import CallRequest
    from headrace.infer.gateway.spans import Begun

    messages = [{"role": "user", "content": "Backups are kept for 35 days.\n\nHow long are backups kept?"}]
    request = CallRequest(messages=messages, model="extractive")
    begun = Begun(request=request, trace_id=f"{number:032x}", span_id=f"{number:016x}")
    workspace.gateway.letters.keep(begun, "invalid")[1].result()


def hold_as_documented(workspace: Workspace) -> None:
    """A hold with the id that the page shows."""
    hold = workspace.traces.hold(user="anna", reason="for the examples")
    table = trace_holds
    named = sa.update(table).where(table.c.id == hold.id).values(id="hold_documented")
    workspace.ledger.write(lambda tx: tx.conn.execute(named))


def keep_items(workspace: Workspace) -> None:
    """Quarantined items with the ids that the page shows."""
    workspace.receiving.receive(spans(span_fields(2, end=0), span_fields(3, end=0), span_fields(4, end=0)))
    names = dict(zip(("2", "3", "4"), ("g6k6", "h7l7", "i2m2"), strict=True))
    connection = sqlite3.connect(workspace.root / ".headrace" / "ledger.sqlite")
    for span, end in names.items():
        named = (f"item_om57aptxzw2ddrdtbk6tqn{end}", f"{int(span):016x}")
        connection.execute("UPDATE trace_quarantine SET id = ? WHERE span_id = ?", named)
    connection.commit()
    connection.close()


def keep_evals(workspace: Workspace) -> None:
    """The golden set and the runs of the examples."""
    from headrace.records.golden import CaseInput

    asked = {"question": "How long are backups kept?"}
    cases = [CaseInput(key=key, inputs=asked, expected="35 days") for key in ("backups", "old")]
    workspace.golden.add(cases, accept=True)
    for name in ("march", "april"):
        workspace.evals.import_rows([{"case": f"c{n}", "scores": {"right": 1}} for n in range(9)], name)


def keep_drafts(workspace: Workspace) -> None:
    """Drafts with the ids that the page shows, and enough questions to find topics in."""
    send(workspace, *(asked(f"How long are backups of page {number} kept?") for number in range(4)))
    parts = curation_parts(workspace)
    collected, collector = Collected(), Collector(parts)
    with workspace.ledger.read() as conn:
        allowed = allowed_among(conn, [], without_user=False)
    for letter in "abcd":
        facts = facts_of([asked(f"Where is room {letter} {ord(letter)}?", "", grounded=False)])
        assert facts is not None
        draft = case_of(facts, Evidence(p_bad=0.9, calibrated=False), destination="production")
        link = Link(trace_id=facts.shown.trace_id, occurred_at_us=1, evidence={})
        made = collector.take(draft, rule="bad", allowed=allowed, link=link, into=collected)
        assert made is not None
        item, shown = collected.items.pop(made), f"draft_q5l6nzkj7c3h2v4wbd3yx6m5{letter * 2}"
        collected.items[shown] = item._replace(id=shown)
        collected.links[-1] = collected.links[-1]._replace(item=shown)
    workspace.ledger.write(lambda tx: keep(tx, collected))


def declare_accounts(root: Path) -> None:
    """The feature view of the examples, and its source."""
    (root / "features").mkdir()
    (root / "features" / "account.toml").write_text(ACCOUNT)
    (root / "accounts.csv").write_text("user_id,at,balance\nu1,2026-01-01T10:00:00Z,10\n")
    (root / "features" / "taste.toml").write_text(TASTE)
    rows = ("u1", "[1, 0]"), ("u2", "[1, 1]")
    (root / "tastes.csv").write_text(
        "user_id,at,vector\n" + "".join(f'{user},2026-01-01T10:00:00Z,"{vector}"\n' for user, vector in rows)
    )


def keep_goal(made: Workbench) -> None:
    """Leave a record of version 1 of a schema that has version 2 by now."""
    folder = made.root / "schemas"
    (folder / "migrations").mkdir(parents=True, exist_ok=True)
    (folder / "goal.json").write_text(json.dumps(GOAL))
    with made.open() as workspace:
        value = {"goal": "learn of weirs"}
        kept = envelope(1, documents=["docs/on-call.md"], rendered="rendered_1")
        workspace._record_keeper.keep(kept, value, b'{"goal": "learn of weirs"}').result(timeout=60)
        workspace.schemas.check()
    (folder / "goal.json").write_text(json.dumps(GOALS))
    (folder / "migrations" / "goal_1_to_2.py").write_text(MIGRATION)


def keep_answer(workspace: Workspace) -> None:
    """A trace with the id that the page shows."""
    now_ns = time.time_ns()
    facts = {"question": "How long are backups kept?", "answer": "35 days.", "citations": []}
    span = SpanEvent(
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        span_id="00f067aa0ba902b7",
        name="ask docs",
        kind="ask",
        start_ns=now_ns,
        end_ns=now_ns,
        attributes=facts,
    )
    workspace.events.append([span]).result()


@pytest.fixture(scope="module")
def http(bench: Workbench) -> Iterator[httpx.Client]:
    """A client of it, served."""
    with bench.open() as workspace:
        made = workspace.keys.create("examples", scopes=SCOPES, access=["finance", "hr", "public"])
        workspace.keys.create("former")
        own = Caller(
            id=made.key.id, name="examples", scopes=frozenset(), access=(), per_minute=None, currency="EUR"
        )
        for session in ("chat-7", "chat-9"):
            workspace.sessions.append(session, "How long are backups kept?", user="eve", caller=own)
        workspace.profiles.set("learner", "eve", {"level": "A2"})
    with serving(bench.root) as address, client(address) as opened:
        opened.headers["authorization"] = f"Bearer {made.secret}"
        yield opened


def documented() -> list[str]:
    """Method and path of every route that has a heading."""
    return [title.strip("`") for title in headings(PAGE) if title.startswith(("`GET /", "`POST /"))]


def test_every_route_has_its_heading_and_no_other(bench: Workbench) -> None:
    with bench.open() as workspace:
        app = create_app(workspace)
        described = {
            f"{method.upper()} {path}"
            for path, methods in app.openapi()["paths"].items()
            for method in methods
        }
        others = {route for router in app.routes for route in _plain_routes(router)}
    assert sorted(documented()) == sorted(described | others)


def _plain_routes(route: Any) -> Iterator[str]:
    """Routes that the OpenAPI description leaves out."""
    inner = getattr(route, "original_router", None)
    if inner is not None:
        for child in inner.routes:
            yield from _plain_routes(child)
    elif getattr(route, "include_in_schema", False) is False or not hasattr(route, "response_model"):
        methods = getattr(route, "methods", None) or {"GET"}
        path = route.path if hasattr(route, "methods") else f"{route.path}/{{file}}"
        yield from (f"{method} {path}" for method in sorted(methods) if method in ("GET", "POST"))


@pytest.mark.parametrize("name", documented())
def test_every_route_has_an_example_that_asks_it(name: str) -> None:
    method, path = name.split()
    (example,) = [block for block in EXAMPLES if block.section == f"`{name}`"]
    asked = _request(example.text)
    assert asked["method"] == method
    assert asked["url"].startswith(path.partition("{")[0])


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: block.section.strip("`"))
def test_the_example_answers_with_the_fields_that_are_shown(http: httpx.Client, block: Any) -> None:
    reply = http.request(**_request(block.text))
    assert reply.status_code == 200, reply.text
    for shown in (part for part in blocks(PAGE, "json") if part.section == block.section):
        assert _shape(reply.json(), json.loads(shown.text)) == _shape(json.loads(shown.text), None)


def test_the_error_that_is_shown_is_the_error_that_comes(http: httpx.Client) -> None:
    (shown,) = (block for block in blocks(PAGE, "json") if block.section == "Errors")
    reply = http.get("/api/search", params={"q": "x", "filter": "year >"})
    assert (reply.status_code, reply.json()) == (400, json.loads(shown.text))


def test_every_status_of_an_error_is_explained() -> None:
    (table,) = tables(section(PAGE, "Errors"))
    explained = {int(row[0]) for row in table}
    from headrace.server.failures import _STATUS

    assert {status for _, status in _STATUS} | {403, 404, 405, 413, 421, 422, 500, 503} == explained


def test_the_limits_are_those_of_the_program() -> None:
    from headrace.server.api import MAX_TEXT_CHARACTERS
    from headrace.server.guard import MAX_BODY_BYTES

    limits = " ".join(read(PAGE).split())
    assert f"Bodies up to {MAX_BODY_BYTES // 1_000_000} MB" in limits
    assert f"up to {MAX_TEXT_CHARACTERS:,} characters" in limits


def _request(command: str) -> dict[str, Any]:
    """A curl command as the request it sends."""
    words = shlex.split(command.replace("\\\n", " "))
    assert words.pop(0) == "curl"
    request: dict[str, Any] = {"method": "GET", "headers": {}}
    while words:
        word = words.pop(0)
        if word == "-H":
            name, _, value = words.pop(0).partition(":")
            request["headers"][name] = value.strip()
        elif word == "-d":
            request |= {"method": "POST", "content": words.pop(0)}
        else:
            assert word.startswith(BASE), f"unknown part of a curl command: {word!r}"
            request["url"] = word.removeprefix(BASE)
    return request


def _shape(value: Any, pattern: Any) -> Any:
    """Keys at every depth; lists by their first item, and not at all where the pattern shows an empty one."""
    if isinstance(value, dict):
        known = pattern if isinstance(pattern, dict) else {}
        return {key: _shape(item, known.get(key)) for key, item in sorted(value.items())}
    if isinstance(value, list):
        hidden = isinstance(pattern, list) and not pattern
        inner = pattern[0] if isinstance(pattern, list) and pattern else None
        return [] if hidden or not value else [_shape(value[0], inner)]
    return "value"
