"""Dead letters from the first failure to the end: listed, opened, replayed, closed, forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import headrace
from headrace.cli.main import run
from headrace.errors import ConfigError, NotFoundError, UsageError
from headrace.infer.gateway.base import CallRequest, Retrieved
from tests import sightings
from tests.fakes.model_server import Act, ModelServer
from tests.infer.gateway.gateways import configure, made
from tests.infer.gateway.misbehaviours import SCHEMA
from tests.workbench import Workbench

Program = Callable[..., tuple[int, Any]]

GOOD = Act(text='{"total": 12.5}')
WORDS = Act(text='{"total": "twelve"}')
PROMPT = "---\nmodel: up\nschema: invoice\nvariables:\n  text: string\n---\nTotal of: {{ text }}\n"


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    """The upstream."""
    with ModelServer(GOOD) as running:
        yield running


@pytest.fixture
def root(tmp_path: Path, server: ModelServer) -> Path:
    """A workspace with a prompt and its schema."""
    configure(tmp_path, server.base_url)
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "invoice.md").write_text(PROMPT, encoding="utf-8")
    write_schema(tmp_path, "number")
    server.by_model.clear()
    server.always = GOOD
    server.play()
    return tmp_path


def write_schema(root: Path, kind: str) -> None:
    """The schema of the output, in which `total` has a type."""
    (root / "schemas").mkdir(exist_ok=True)
    schema = {"type": "object", "properties": {"total": {"type": kind}}, "required": ["total"]}
    (root / "schemas" / "invoice.json").write_text(json.dumps(schema), encoding="utf-8")


@pytest.fixture
def program(root: Path, capfd: pytest.CaptureFixture[str]) -> Program:
    """Runs a command line in this process; gives exit code and the JSON document."""

    def run_words(*words: str) -> tuple[int, Any]:
        code = run(["--workspace", str(root), *words, "--json"])
        return code, json.loads(capfd.readouterr().out)

    return run_words


def test_the_way_of_a_dead_letter_through_the_program(program: Program, server: ModelServer) -> None:
    server.always = WORDS
    code, report = program("call", "run", "invoice", "--var", "text=12.50 EUR")
    assert (code, report["output"]) == (1, None)
    assert [attempt["kind"] for attempt in report["attempts"]] == ["first", "reask", "reask"]
    assert {"kind", "valid", "errors", "tokens", "cost", "ms"} <= set(report["attempts"][0])
    code, listed = program("dead-letter", "list")
    (item,) = listed["items"]
    assert (item["id"], item["prompt"], item["reason"]) == (report["dead_letter"], "invoice", "invalid")
    code, shown = program("dead-letter", "show", item["id"])
    assert [attempt["raw_output"] for attempt in shown["attempts"]] == [WORDS.text] * 3
    assert program("dead-letter", "replay", "--all")[0] == 1
    assert len(program("dead-letter", "show", item["id"])[1]["attempts"]) == 6
    server.always = GOOD
    code, replayed = program("dead-letter", "replay", item["id"])
    assert (code, replayed["resolved"], replayed["failing"]) == (0, 1, 0)
    assert (replayed["items"][0]["how"], replayed["items"][0]["tokens"]) == ("called", 18)
    assert program("dead-letter", "list") == (0, {"items": []})
    code, report = program("call", "run", "invoice", "--var", "text=12.50 EUR")
    assert (code, report["output"], report["cached"]) == (0, {"total": 12.5}, None)
    assert report["release"].startswith("release_")


def test_an_output_that_is_valid_by_a_corrected_schema_costs_nothing(root: Path, server: ModelServer) -> None:
    server.always = WORDS
    with headrace.open(root) as workspace:
        letter = workspace.calls.run("invoice", {"text": "twelve"}).dead_letter
        server.play()
        write_schema(root, "string")
        report = workspace.calls.replay(all=True)
        (item,) = report.items
        assert (item.id, item.resolved, item.how, item.tokens) == (letter, True, "stored", 0)
        assert not server.asked
        spans = [span for span in workspace.events.trace(str(item.trace_id)) if span.kind == "call"]
        assert [span.attributes.get("replays") for span in spans] == [None, letter]
        assert spans[1].parent_span_id == spans[0].span_id


def test_a_replay_takes_another_model_or_prompt(root: Path, server: ModelServer) -> None:
    server.by_model["model-of-today"] = WORDS
    with headrace.open(root) as workspace:
        for text in ("one", "two", "three"):
            workspace.calls.run("invoice", {"text": text})
        first, second, third = (item.id for item in workspace.calls.letters().items)
        assert workspace.calls.replay([first], model="other").resolved == 1
        other = PROMPT.replace("model: up", "model: other").replace("Total of", "Sum of")
        (root / "prompts" / "sum.md").write_text(other, encoding="utf-8")
        assert workspace.calls.replay([second], prompt="sum").resolved == 1
        assert server.asked[-1].body["messages"][0]["content"] == "Sum of: two"
        (root / "prompts" / "invoice.md").unlink()
        report = workspace.calls.replay(of_prompt="invoice")
        assert (report.items[0].id, report.items[0].how) == (third, "failing"), "it was released"
        assert [item.id for item in workspace.calls.letters().items] == [third]


def test_letters_are_closed_by_hand_and_keep_nothing(root: Path, server: ModelServer) -> None:
    server.always = WORDS
    with headrace.open(root) as workspace:
        ids = [workspace.calls.run("invoice", {"text": text}).dead_letter for text in ("one", "two")]
        first, second = (str(letter) for letter in ids)
        workspace.calls.resolve([first])
        workspace.calls.discard([second])
        shown = workspace.calls.letter(first)
        assert (shown.state, shown.request, shown.attempts) == ("resolved", None, [])
        assert [item.state for item in workspace.calls.letters(state=None).items] == ["resolved", "discarded"]
        with pytest.raises(UsageError, match="is resolved"):
            workspace.calls.replay([first])
        with pytest.raises(NotFoundError):
            workspace.calls.letter("letter_of_nobody")
        with pytest.raises(UsageError, match="Nothing says which"):
            workspace.calls.replay()


def test_wrong_variables_cost_no_token(program: Program, server: ModelServer) -> None:
    code, error = program("call", "run", "invoice", "--var", "txt=12.50 EUR")
    assert (code, error["error"]["type"]) == (2, "UsageError")
    assert not server.asked


def test_what_the_prompt_says_of_the_vault_counts(root: Path) -> None:
    path = root / "prompts" / "invoice.md"
    with headrace.open(root) as workspace:
        for written in ("off", "on", "strict"):  # YAML takes two of them for something else
            path.write_text(PROMPT.replace("model: up", f"model: up\nvault: {written}"), encoding="utf-8")
            assert workspace.calls.request("invoice", {"text": "x"}).vault == written
        path.write_text(PROMPT.replace("model: up", "model: up\nvault: maybe"), encoding="utf-8")
        with pytest.raises(ConfigError, match=r"maybe.*off, on, strict"):
            workspace.calls.request("invoice", {"text": "x"})


def test_counts_show_what_repairs_hide(root: Path, server: ModelServer) -> None:
    fenced = Act(text=f"```json\n{GOOD.text}\n```")
    server.play(GOOD, fenced, WORDS, GOOD)
    with headrace.open(root) as workspace:
        for _ in range(3):
            workspace.calls.run("invoice", {"text": "x"})
        stats = workspace.calls.stats()
    (group,) = stats.groups
    assert stats.breakers == {"up": "closed"}
    assert (stats.calls, stats.without_schema, group.prompt, group.model) == (
        3,
        0,
        "invoice",
        "up:model-of-today",
    )
    assert (group.valid, group.first_valid, group.fenced, group.repaired, group.reasked) == (3, 1, 1, 1, 1)
    assert group.fill_rates == {"total": 1.0}


def test_nothing_of_a_call_lies_in_the_clear_and_forgetting_reaches_it(
    tmp_path: Path, server: ModelServer
) -> None:
    server.by_model.clear()
    server.play()
    secret = "Quentin Marlowe hid the zanzibar ledger under the boathouse floor."
    bench = Workbench(tmp_path)
    models = f'[models.up]\nbase_url = "{server.base_url}"\nmodel = "m"\n'
    bench.configure(extra=f'[erasure]\nreader_wait = "0s"\n{models}[gateway]\nreasks = 0\n')
    bench.write("letters/marlowe.md", f"# A letter\n\n{secret}\n")
    bench.write("birds.md", "# Birds\n\nHerons nest in the old mill.\n")
    bench.sync()
    server.always = Act(text=json.dumps({"total": secret}))
    with bench.open() as workspace:
        (hit, *_) = workspace.search("zanzibar ledger").hits
        given = Retrieved(corpus="docs", document=hit.document, revision=hit.revision, chunk_id=hit.chunk_id)
        request = CallRequest(
            messages=[{"role": "user", "content": secret}], model="up", schema=SCHEMA, retrieved=[given]
        )
        text = replace(request, schema=None, idempotency_key="one")
        failed, keyed = made(workspace, request, text)
        assert (failed.valid, keyed.valid) == (False, True)
        letter = str(failed.dead_letter)
        assert secret in json.dumps(workspace.calls.letter(letter).request)
        children = workspace.why(failed.trace_id).upstream.children
        assert [(node.kind, node.relation) for node in children] == [
            ("model", "by"),
            ("chunk", "retrieved"),
            ("dead letter", "gave"),
        ]
        report = workspace.forget("docs/letters/marlowe.md")
        assert report.certificate
        assert "marlowe" not in str(workspace.why(failed.trace_id))
        assert not report.scan.hits
        assert workspace.calls.letter(letter).state == "discarded"
        for span in [*workspace.events.trace(failed.trace_id), *workspace.events.trace(keyed.trace_id)]:
            assert "zanzibar" not in json.dumps(dict(span.attributes))
    assert not sightings.seen(tmp_path / ".headrace", secret[:40])
