"""Prompts as released: labels, rollbacks, first releases, and what calls take."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from headrace.errors import ConfigError, NotFoundError, RefConflict, UsageError
from headrace.infer.gateway.base import Budget
from headrace.infer.prompts.chat_template import TemplateMismatch
from headrace.infer.prompts.render import render
from headrace.infer.prompts.types import Written
from headrace.ledger import refs
from headrace.records.call import SpanEvent, new_span_id, new_trace_id
from headrace.wiring_prompts import released_prompts
from headrace.workspace import Workspace
from tests.fakes.openai_server import OpenAIServer
from tests.prompt_files import TEMPLATE, change, prompt_workspace, write
from tests.workbench import Workbench


def edit(bench: Workbench, number: int) -> None:
    """Write another version of the prompt."""
    path = bench.root / "prompts/triage.md"
    front = path.read_text().partition("## system")[0]
    path.write_text(f"{front}## system\nSort it, {number}.\n\n## user\n{{{{ ticket }}}}{{{{ limit }}}}")


def release_of(workspace: Workspace) -> tuple[str, ...]:
    """Digests of the releases that served, oldest first."""
    with workspace.ledger.read() as conn:
        return tuple(row.artifact for row in refs.history(conn, workspace.releases.ref))


def test_calls_take_what_was_released_and_never_the_file(tmp_path: Path) -> None:
    bench = prompt_workspace(tmp_path)
    with bench.open() as workspace:
        prompts = workspace.prompts
        with pytest.raises(NotFoundError, match="No released version of prompt 'triage'") as caught:
            prompts.resolve("triage")
        assert "headrace prompt label triage production" in caught.value.hint
        first = prompts.label("triage", "production", reason="first")
        assert (first.former, first.moved) == (None, True)
        edit(bench, 2)
        found = prompts.resolve("triage")
        assert found.version.digest == first.digest
        assert (found.version.name, found.version.label) == ("triage", "production")
        assert (found.model, found.fallbacks, found.vault) == ("small", ("large",), "on")
        assert (found.release, found.epoch, found.skew) == (first.release, 1, ())
        assert found.schema is not None
        assert found.schema.version == 2
        assert render(found.prompt, {"ticket": "x"})[0]["content"] == "Be brief.\nSort the ticket."
        assert prompts.resolve("triage") is found
        assert prompts.resolve("triage@production").version == found.version

        staged = prompts.label("triage", "staging")
        assert staged.release is None
        assert prompts.resolve("triage").version.digest == first.digest
        other = prompts.resolve("triage@staging")
        assert (other.version.digest, other.version.label) == (staged.digest, "staging")
        assert other.skew == (f"prompt 'triage' is {staged.digest}; released was {first.digest}",)
        assert prompts.resolve(f"triage@{staged.digest}").version.label is None
        assert prompts.resolve(f"triage@{staged.digest[:14]}").version.digest == staged.digest

        moved = prompts.label("triage", "production", "staging")
        assert (moved.digest, moved.former, moved.moved) == (staged.digest, first.digest, True)
        assert prompts.resolve("triage").epoch == 2
        old = prompts.resolve(f"triage@{first.digest}")
        assert old.skew == (), "it was released once, with this schema and this model"
        for word in ("nothing", "prompt_aaaaaaaaaaaaaaaaaaaaaaaaaa", "working-tree"):
            with pytest.raises(UsageError):
                prompts.resolve(f"triage@{word}")
        with pytest.raises(UsageError):
            prompts.resolve("triag")


def test_a_file_may_be_called_where_that_is_allowed_and_is_kept(tmp_path: Path) -> None:
    bench = prompt_workspace(tmp_path)
    with bench.open() as workspace:
        found = workspace.prompts.resolve("triage@working-tree", working_tree=True)
        assert found.version.label is None
        assert found.skew == ("prompt 'triage' is in no release",)
        assert release_of(workspace) == ()
        edit(bench, 2)
        workspace.prompts.resolve("triage@working-tree", working_tree=True)
        assert workspace.prompts.resolve(f"triage@{found.version.digest}").prompt.body == found.prompt.body


def test_rollbacks_go_back_step_by_step(tmp_path: Path) -> None:
    bench = prompt_workspace(tmp_path)
    digests = []
    with bench.open() as workspace:
        prompts = workspace.prompts
        for number in range(4):
            edit(bench, number)
            digests.append(prompts.label("triage", "production", reason=f"version {number}").digest)
        for expected in (digests[2], digests[1]):
            report = prompts.rollback("triage", reason="worse")
            assert (report.digest, prompts.resolve("triage").version.digest) == (expected, expected)
        assert prompts.rollback("triage", to=digests[3][:16]).digest == digests[3]
        assert prompts.rollback("triage").digest == digests[1], "the last one is behind it again"
        assert prompts.rollback("triage").digest == digests[0]
        with pytest.raises(UsageError, match="has no version before"):
            prompts.rollback("triage")
        with pytest.raises(NotFoundError, match="triage@canary"):
            prompts.rollback("triage", label="canary")
        edit(bench, 9)
        with pytest.raises(UsageError, match="never pointed to"):
            prompts.rollback("triage", to=prompts.label("triage", "staging").digest)
        steps = prompts.log("triage").steps
        assert [step.reason for step in steps[:2]] == ["labelled staging", "rollback"]
        assert [step.label for step in steps if step.current] == ["staging", "production"]


def test_a_rollback_that_another_move_overtakes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = prompt_workspace(tmp_path)
    with bench.open() as workspace, bench.open() as elsewhere, ThreadPoolExecutor(1) as pool:
        workspace.prompts.label("triage", "production")
        edit(bench, 2)
        workspace.prompts.label("triage", "production")
        edit(bench, 3)
        monkeypatch.setenv("HEADRACE_FAILPOINTS", "prompt.before_move=sleep:0.8:1")
        rolling = pool.submit(workspace.prompts.rollback, "triage")
        time.sleep(0.3)
        moved = elsewhere.prompts.label("triage", "production")
        with pytest.raises(RefConflict):
            rolling.result()
        assert workspace.prompts.resolve("triage").version.digest == moved.digest


def test_releases_follow_the_files_until_somebody_labels(tmp_path: Path) -> None:
    bench = prompt_workspace(tmp_path)
    write(tmp_path, "prompts/answer.md", "{{ question }}{{ passages }}")
    write(tmp_path, "prompts/broken.md", "---\nschema: none\n---\nhi")
    write(tmp_path, "prompts/unknown.md", "---\nmodel: huge\n---\nhi")
    write(tmp_path, "prompts/part.md", "Be kind.")
    write(tmp_path, "prompts/kind.md", '{% include "part.md" %}')
    with bench.open() as workspace:
        done = workspace.prompts.release()
        assert sorted(done.released) == ["kind", "triage"]
        assert sorted((item.prompt, item.file) for item in done.problems) == [
            ("broken", "prompts/broken.md"),
            ("unknown", "prompts/unknown.md"),
        ]
        before = workspace.prompts.resolve("triage")
        assert (before.release, before.epoch) == (done.release, 1)
        edit(bench, 2)
        again = workspace.prompts.release(["triage", "kind"])
        assert sorted(again.released) == ["triage"]
        followed = workspace.prompts.resolve("triage")
        assert followed.version.digest == again.released["triage"] != before.version.digest
        pinned = workspace.prompts.label("triage", "production", followed.version.digest, reason="by hand")
        assert (pinned.moved, pinned.pinned) == (False, True)
        twice = workspace.prompts.label("triage", "production", followed.version.digest, reason="by hand")
        assert (twice.moved, twice.pinned) == (False, False)
        edit(bench, 3)
        kept = workspace.prompts.release(["triage", "kind"])
        assert (kept.released, kept.release) == ({}, None)
        assert workspace.prompts.resolve("triage").version == followed.version
        with pytest.raises(ConfigError, match="No schema 'none'"):
            workspace.prompts.release(["broken"])
        with pytest.raises(ConfigError, match="No model 'huge'"):
            workspace.prompts.label("unknown", "production")
        workspace.prompts.label("unknown", "staging")
        with workspace.ledger.read() as conn:
            release = workspace.releases.current(conn)
        assert release is not None
        assert release.schemas == {"ticket": {"version": 2, "digest": before.schema and before.schema.digest}}
        assert release.models == {
            "small": "small:small-7b",
            "large": "large:large-70b@3",
            "extractive": "extractive@2",
        }


def test_a_model_that_means_another_one_now_is_skew_until_it_is_released(tmp_path: Path) -> None:
    bench = prompt_workspace(tmp_path)
    with bench.open() as workspace:
        workspace.prompts.label("triage", "production")
    change(tmp_path, "headrace.toml", 'model = "small-7b"', 'model = "small-8b"')
    with bench.open() as workspace:
        found = workspace.prompts.resolve("triage")
        assert found.skew == ("model 'small' is small:small-8b; released was small:small-7b",)
        assert not workspace.prompts.label("triage", "production").moved
        assert workspace.prompts.resolve("triage").skew == ()
        assert len(release_of(workspace)) == 2


def test_environments_have_a_pointer_each_and_a_label_each(tmp_path: Path) -> None:
    bench = prompt_workspace(tmp_path)
    with bench.open() as workspace:
        first = workspace.prompts.label("triage", "production")
    text = (tmp_path / "headrace.toml").read_text()
    write(tmp_path, "headrace.toml", f'environment = "staging"\n{text}')
    edit(bench, 2)
    with bench.open() as staging:
        second = staging.prompts.label("triage", "staging")
        assert second.release not in (None, first.release)
        assert staging.prompts.resolve("triage").version.digest == second.digest
        assert staging.prompts.resolve("triage@production").version.digest == first.digest
        promoted = staging.prompts.label("triage", "production", "staging")
        assert promoted.release is not None
    write(tmp_path, "headrace.toml", text)
    with bench.open() as workspace:
        found = workspace.prompts.resolve("triage")
        assert (found.version.digest, found.release) == (second.digest, promoted.release)


def test_the_share_of_calls_without_a_released_prompt_is_counted(tmp_path: Path) -> None:
    bench = prompt_workspace(tmp_path)
    with bench.open() as workspace:
        assert workspace.prompts.list().calls.share is None
        old = workspace.prompts.label("triage", "production").digest
        edit(bench, 2)
        new = workspace.prompts.label("triage", "production").digest
        now = time.time_ns()
        calls = [("call", old), ("call", new), ("chat", "prompt_other"), ("call", None), ("search", None)]
        workspace.events.append([_span(kind, prompt, now) for kind, prompt in calls]).result()
        workspace.events.append([_span("call", "prompt_other", now - 9 * 86_400 * 10**9)]).result()
        edit(bench, 3)
        report = workspace.prompts.list()
        assert (report.calls.calls, report.calls.unreleased, report.calls.share) == (4, 2, 0.5)
        assert workspace.prompts.list(days=30).calls.calls == 5
        states = {item.name: item.state for item in report.prompts}
        assert states == {"answer": "unreleased", "triage": "differs"}
        (tmp_path / "prompts/triage.md").unlink()
        (gone,) = [item for item in workspace.prompts.list().prompts if item.name == "triage"]
        assert (gone.state, gone.digest, gone.released) == ("no file", None, new)
        assert gone.labels == {"production": new}
        assert workspace.prompts.show("triage").digest == new


def test_ask_takes_the_prompt_that_was_released(tmp_path: Path) -> None:
    bench = prompt_workspace(tmp_path)
    bench.write("pump.md", "Pump 3 stops when the weir is dry.")
    bench.sync()
    with bench.open() as workspace:
        built_in = workspace.ask("When does pump 3 stop?").prompt
        write(
            tmp_path,
            "prompts/answer.md",
            "{{ question }}{% for item in passages %}{{ item.text }}{% endfor %}",
        )
        released = workspace.prompts.label("answer", "production").digest
        assert released != built_in
        assert workspace.ask("When does pump 3 stop?").prompt == released
        (item,) = [item for item in workspace.prompts.list().prompts if item.name == "answer"]
        assert (item.state, item.released) == ("released", released)


def test_a_diff_shows_texts_and_every_other_part(tmp_path: Path) -> None:
    bench = prompt_workspace(tmp_path)
    with bench.open() as workspace:
        workspace.prompts.label("triage", "production")
        assert workspace.prompts.diff("triage").same
        for path, old, new in (
            ("prompts/parts/tone.md", "brief", "kind"),
            ("prompts/triage.md", "temperature: 0", "temperature: 1"),
            ("prompts/triage.md", "model: small", "model: large"),
            ("prompts/triage.md", "limit: int?", "limit: str?"),
            ("prompts/few_shot/triage.jsonl", "Paint peels", "Paint falls"),
            ("schemas/ticket.json", '"version": 2', '"version": 3'),
        ):
            change(tmp_path, path, old, new)
        report = workspace.prompts.diff("triage")
        assert not report.same
        assert "-Be brief.\n+Be kind.\n" in report.text
        assert "--- parts/tone.md@production\n+++ parts/tone.md@working-tree\n" in report.text
        assert "Paint falls" in report.text
        changed = {item.part: (item.before, item.after) for item in report.changed}
        assert set(changed) == {"model", "parameters.temperature", "schema", "variables.limit"}
        assert changed["parameters.temperature"] == (0, 1)
        assert workspace.prompts.diff("triage", "working-tree", "production").changed[0].after == "small"


def test_check_names_file_and_line_of_everything_that_is_wrong(tmp_path: Path) -> None:
    bench = prompt_workspace(tmp_path)
    with bench.open() as workspace:
        assert workspace.prompts.check().problems == []
        change(tmp_path, "prompts/triage.md", "limit: int?", "limit: numbers")
        change(tmp_path, "prompts/triage.md", "schema: ticket", "schema: tickets")
        change(tmp_path, "prompts/triage.md", "{{ ticket }}", "{{ tickt }}")
        change(tmp_path, "prompts/triage.md", "parts/tone.md", "parts/none.md")
        change(tmp_path, "prompts/few_shot/triage.jsonl", '"messages"', '"massages"')
        write(tmp_path, "prompts/huge.md", "---\nseed: 1\nmodel: huge\n---\nhi")
        write(tmp_path, "prompts/circle.md", '{% include "parts/a.md" %}')
        write(tmp_path, "prompts/parts/a.md", '{% include "parts/a.md" %}')
        found = [(item.file, item.line, item.message) for item in workspace.prompts.check().problems]
    assert [(file, line) for file, line, _ in found] == [
        ("prompts/circle.md", 1),
        ("prompts/few_shot/triage.jsonl", 2),
        ("prompts/huge.md", 3),
        ("prompts/triage.md", 5),
        ("prompts/triage.md", 6),
        ("prompts/triage.md", 23),
    ]
    assert "circle.md → parts/a.md → parts/a.md" in found[0][2]
    assert "No model 'huge'" in found[2][2]
    assert "No schema 'tickets'. Known: 'ticket'" in found[3][2]


def test_why_leads_from_a_version_to_its_labels_parts_and_releases(tmp_path: Path) -> None:
    bench = prompt_workspace(tmp_path)
    with bench.open() as workspace:
        done = workspace.prompts.label("triage", "production")
        report = workspace.why(done.digest)
        assert report.upstream.facts["labels"] == ["triage/production"]
        assert report.upstream.facts["schema"] == "ticket version 2"
        assert sorted(node.kind for node in report.upstream.children) == ["few_shot", "schema"]
        assert [node.ref for node in report.downstream.children] == [done.release]
        released = workspace.why(str(done.release)).upstream
        assert released.facts["prompts"] == {"triage": done.digest}
        with pytest.raises(NotFoundError):
            workspace.why("prompt_none")


def test_a_call_is_made_of_what_was_released(tmp_path: Path) -> None:
    bench = prompt_workspace(tmp_path)
    with bench.open() as workspace:
        server = released_prompts(workspace, budget=lambda: Budget(attempts=2), working_tree=False)
        with pytest.raises(NotFoundError):
            server.request("triage", {"ticket": "x"})
        source = released_prompts(workspace, budget=lambda: Budget(attempts=2))
        call = source.request("triage", {"ticket": "Pump 3 hums.", "limit": Written("5")})
        workspace.prompts.label("triage", "production", reason="by hand")
        edit(bench, 2)
        assert server.request("triage", {"ticket": "Pump 3 hums.", "limit": 5}) == call
        assert call.messages[-1] == {"role": "user", "content": "Pump 3 hums. (at most 5 words)"}
        assert (call.model, call.fallbacks, call.vault, call.skew) == ("small", ("large",), "on", ())
        assert (call.budget.attempts, len(call.tools)) == (2, 1)
        assert call.prompt == workspace.prompts.resolve("triage").version
        assert call.release == workspace.prompts.resolve("triage").release
        other = source.request("triage", {"ticket": "x"}, model="large")
        assert (other.model, other.fallbacks, other.skew) == ("large", (), ())
        foreign = source.request("triage", {"ticket": "x"}, model="extractive")
        assert foreign.skew == ("model 'extractive' was never released with prompt 'triage'",)
        assert source.request("triage@working-tree", {"ticket": "x"}).skew
        with pytest.raises(UsageError, match="'ticket' must be str, not int"):
            server.request("triage", {"ticket": 3})
        with pytest.raises(UsageError, match="never released|as released"):
            server.request("triage@working-tree", {"ticket": "x"})


def test_the_model_of_an_asked_prompt_stands_before_the_configured_one(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    with OpenAIServer(answer="NO ANSWER") as server:
        tables = "".join(
            f'\n[models.{name}]\nbase_url = "{server.base_url}"\nmodel = "{name}-7b"\n'
            for name in ("small", "large")
        )
        bench.configure(extra=f'\n[ask]\nmodel = "small"\n{tables}')
        bench.write("pump.md", "Pump 3 stops when the weir is dry.")
        bench.sync()
        for front, sent in (("seed: 1", "small-7b"), ("model: large", "large-7b"), ("model: own-1", "own-1")):
            write(tmp_path, "prompts/answer.md", f"---\n{front}\n---\n{{{{ question }}}}{{{{ passages }}}}")
            with bench.open() as workspace:
                workspace.ask("When does pump 3 stop?")
            assert server.requests[-1].body["model"] == sent


def test_check_asks_a_self_served_model_what_it_serves(tmp_path: Path) -> None:
    told: dict[str, object] = {"chat_template": TEMPLATE}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(told).encode()
            self.send_response(200 if self.path == "/props" and told else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        bench = prompt_workspace(tmp_path)
        change(tmp_path, "headrace.toml", "127.0.0.1:9/", f"127.0.0.1:{server.server_address[1]}/")
        with bench.open() as workspace:
            assert workspace.prompts.check(upstream=True).problems == []
            source = released_prompts(workspace, budget=Budget)
            source.request("triage", {"ticket": "x"})
            told["chat_template"] = TEMPLATE.replace("<|end|>", "</s>")
            source.request("triage", {"ticket": "x"})
            with pytest.raises(TemplateMismatch, match="is served otherwise"):
                released_prompts(workspace, budget=Budget).request("triage", {"ticket": "x"})
            (problem,) = workspace.prompts.check(upstream=True).problems
            assert (problem.file, problem.line) == ("prompts/triage.md", 19)
            assert "its chat template is not the text of 'models/small.jinja'" in problem.message
            told.clear()
            released_prompts(workspace, budget=Budget).request("triage", {"ticket": "x"})
            (problem,) = workspace.prompts.check(upstream=True).problems
            assert "does not say what it serves: /props gave status 404" in problem.message
            assert workspace.prompts.check().problems == []
        server.shutdown()


def _span(kind: str, prompt: str | None, end_ns: int) -> SpanEvent:
    return SpanEvent(
        trace_id=new_trace_id(),
        span_id=new_span_id(),
        name=kind,
        kind=kind,
        start_ns=end_ns - 1000,
        end_ns=end_ns,
        prompt=prompt,
    )
