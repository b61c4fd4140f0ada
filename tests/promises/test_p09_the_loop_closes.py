"""P9: a thumb down in the page leads, step by step and in one graph, to the release that answers right."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from headrace.cli.main import run
from headrace.records.golden import CaseInput
from headrace.workspace import Workspace
from tests.doors.server.browser import Browser, browser, missing
from tests.doors.server.serving import serving
from tests.fakes.model_server import Act, Asked, ModelServer
from tests.prompt_files import change, write
from tests.workbench import Workbench

QUESTION = "How long are backups kept?"
OLD = "Until April backups were kept for 90 days."
NEW = "Since May backups are kept for 35 days."
FIX = "Say what holds today."
_CASES = 40
_CONFIG = """
[ask]
model = "small"

[models.small]
base_url = "{url}"
model = "small-7b-2026-01-31"

[evals.answers]
golden = "production"
target = "ask"
scorers = ["contains"]

[evals.answers.gates.contains]
margin = 0.1
at_least = 0.5

[release]
suites = ["answers"]
"""
_PROMPT = """\
---
variables: [question, passages]
---
## system
Answer from the passages, each claim with a quote: [1: "exact words"].

## user
{% for passage in passages %}{{ passage.number }}: {{ passage.text }}
{% endfor %}
Question: {{ question }}
"""


class Reader(ModelServer):
    """Quotes the passage that answers; of two times the first, unless it is told to look at today."""

    def next_act(self, asked: Asked) -> Act:
        """Quote whatever the question is about."""
        said = "\n".join(message["content"] for message in asked.body["messages"])
        self.asked.append(asked)
        quote = NEW if FIX in said else OLD
        number = re.search(r"Where does mill (\d+) stand", said)
        if number:
            quote = f"Mill {number[1]} stands at weir {int(number[1]) * 7}."
        passage = re.findall(r"^(\d+): ", said[: said.index(quote)], flags=re.MULTILINE)[-1]
        return Act(text=f'{quote} [{passage}: "{quote}"]', model=str(asked.body["model"]))


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with Reader(Act()) as server:
        yield server


def product(root: Path, url: str) -> Workbench:
    """A synced product whose first release has passed its suite and serves."""
    bench = Workbench(root)
    bench.configure(extra=_CONFIG.format(url=url))
    bench.write("retention.md", f"# Retention\n\n{OLD} {NEW}\n")
    for number in range(_CASES):
        bench.write(f"mills/{number}.md", f"Mill {number} stands at weir {number * 7}.")
    write(root, "prompts/answer.md", _PROMPT)
    bench.sync()
    cases = [
        CaseInput(
            key=f"mill-{number}",
            inputs={"question": f"Where does mill {number} stand?"},
            expected={"contains": f"weir {number * 7}."},
        )
        for number in range(_CASES)
    ]
    with bench.open() as workspace:
        workspace.prompts.label("answer", "production")
        workspace.golden.add(cases, golden="production", accept=True)
        first = workspace.release.create(note="the first").release.release
        assert workspace.release.check(first).verdict == "pass"
        workspace.release.promote(first)
    return bench


def thumb_down(address: str, client: httpx.Client, folder: Path) -> str:
    """Ask in the page and say that it did not help; gives the trace. Without a browser, as the page does."""
    if missing() is None:
        with browser(folder) as window:
            return _in_page(window, f"{address}/")
    answer = client.post("/api/ask", json={"question": QUESTION}).json()
    assert OLD in answer["answer"]
    signal = {"trace_id": answer["trace_id"], "kind": "thumbs", "value": "down"}
    assert client.post("/api/signals", json=signal).status_code < 300
    return str(answer["trace_id"])


def _in_page(window: Browser, address: str) -> str:
    window.open(address)
    window.click("#words")
    window.type(QUESTION)
    window.click("#go")
    assert OLD in window.text(".prose")
    window.click("[data-headrace-thumb=down]")
    assert "Noted" in window.text(".said")
    return str(window.run("return document.querySelector('[data-headrace-trace]').dataset.headraceTrace"))


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    """What a command prints as JSON."""
    assert run([*words, "--json"]) == code, capsys.readouterr()
    return json.loads(capsys.readouterr().out)


def test_a_thumb_down_becomes_the_release_that_answers_right(
    tmp_path: Path, model: ModelServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = product(tmp_path, model.base_url)
    monkeypatch.chdir(tmp_path)
    with serving(bench.root) as address, httpx.Client(base_url=address, timeout=60) as client:
        trace = thumb_down(address, client, tmp_path / "browser")
        (bad,) = _until_bad(capsys)
        assert bad["trace_id"] == trace

        assert said(capsys, "curate", "run")["looked"] == 1  # what the eval asked is no traffic
        (draft,) = said(capsys, "curate", "list")["items"]
        said(capsys, "curate", "accept", draft["id"], "--expected", "35 days")
        said(capsys, "curate", "run")
        cases = said(capsys, "eval", "case", "list", "--set", "production", "--part", "failures")["cases"]
        assert [case["key"] for case in cases] == [draft["id"]]

        before = said(capsys, "eval", "run", "answers")["run"]
        change(tmp_path, "prompts/answer.md", "Answer from", f"{FIX} Answer from")
        said(capsys, "prompt", "label", "answer", "staging")
        fixed = said(capsys, "release", "create", "--prompt", "answer@staging")["release"]["release"]
        after = said(capsys, "eval", "run", "answers", "--target", f"release:{fixed}")["run"]
        compared = said(capsys, "eval", "compare", before, after, "--margin", "contains=0.1")
        assert compared["verdict"] == "pass"
        assert compared["metrics"]["contains"]["difference"] == pytest.approx(1 / (_CASES + 1), abs=1e-5)
        assert compared["metrics"]["contains"]["ci"][0] > -0.1

        assert OLD in client.post("/api/ask", json={"question": QUESTION}).json()["answer"]
        assert said(capsys, "release", "check", fixed)["verdict"] == "pass"
        said(capsys, "release", "promote", fixed)
        answer = client.post("/api/ask", json={"question": QUESTION}).json()
        assert NEW in answer["answer"]
        assert answer["release"] == fixed

    with bench.open() as workspace:
        seen = _reached(workspace, trace)
    assert {draft["id"], after, fixed} <= seen.keys(), seen
    assert {"signal", "draft", "case", "run", "release"} <= set(seen.values())


def _until_bad(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Traces that probably are bad, once the signal of the page has arrived."""
    for _ in range(200):
        found: list[dict[str, Any]] = said(capsys, "trace", "list", "--bad")["traces"]
        if found:
            return found
    raise AssertionError("no bad trace")


def _reached(workspace: Workspace, trace: str) -> dict[str, str]:
    """Everything that `why` reaches downstream from a trace, asked again of all it names: ref to kind."""
    seen: dict[str, str] = {}
    waiting = [trace]
    while waiting:
        nodes = [workspace.why(waiting.pop()).downstream]
        while nodes:
            node = nodes.pop()
            nodes.extend(node.children)
            if node.ref not in seen:
                seen[node.ref] = node.kind
                if node.kind in ("draft", "case", "run", "eval run", "verdict"):
                    waiting.append(node.ref)
    return seen
