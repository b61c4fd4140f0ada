"""Targets: a prompt and a judge through the gateway, answers, retrieval, and any endpoint over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import ConfigError, NotFoundError
from headrace.flows.evals.endpoints import at, filled
from headrace.records.golden import CaseInput
from headrace.workspace import Workspace
from tests.fakes.model_server import Act, ModelServer
from tests.workbench import Workbench

CONFIG = """
[ask]
k = 3

[models.up]
base_url = "{up}"
model = "small"
max_retries = 0

[models.judge]
base_url = "{judge}"
model = "strict"
max_retries = 0

[cache]
exact = true

[evals.answers]
target = "ask"
scorers = ["contains", "citations", "recall@3", "mrr", "similarity"]

[evals.found]
target = "search"
scorers = ["recall@3", "ndcg@3"]

[evals.greeting]
target = "prompt:greet"
golden = "names"
scorers = [
    "contains",
    {{ type = "judge", model = "judge", rubric = "Is it friendly?" }},
]

[evals.mails]
target = "prompt:greet"
golden = "mails"
scorers = [{{ type = "regex", pattern = "heron@example" }}, "contains"]

[evals.elsewhere]
target = "{endpoint}"
template = '{{"q": "{{{{ question }}}}", "options": {{"depth": "{{{{ depth }}}}"}}}}'
output = "result.text"
scorers = ["exact", "recall@3"]
golden = "http"
"""


class Endpoint(BaseHTTPRequestHandler):
    """Answers with what it was asked; fails for one question."""

    def do_POST(self) -> None:
        """Answer."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        status = 503 if asked["q"] == "down" else 200
        data = json.dumps({"result": {"text": asked}, "documents": ["a.md"], "usage": {"total_tokens": 7}})
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[ModelServer, ModelServer, str]]:
    """The model, the judge, and an endpoint."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with ModelServer(Act(text="Hello Ada!")) as up, ModelServer(Act(text="Kind.\nGRADE: 3")) as judge:
        yield up, judge, f"http://127.0.0.1:{server.server_address[1]}/ask"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def workspace(
    tmp_path_factory: pytest.TempPathFactory, servers: tuple[ModelServer, ModelServer, str]
) -> Iterator[Workspace]:
    """One for all."""
    up, judge, endpoint = servers
    bench = Workbench(tmp_path_factory.mktemp("targets"))
    bench.configure(extra=CONFIG.format(up=up.base_url, judge=judge.base_url, endpoint=endpoint))
    bench.write("herons.md", "Herons nest in tall plane trees near the river.")
    bench.write("mills.md", "Mills grind grain with wheels that water turns.")
    (bench.root / "prompts").mkdir()
    (bench.root / "prompts" / "greet.md").write_text(
        "---\nmodel: up\nvariables:\n  name: string\n---\nGreet {{ name }}.\n"
    )
    bench.sync()
    with bench.open() as opened:
        yield opened


def questions(workspace: Workspace) -> None:
    pairs = {
        "Where do herons nest?": ("tall plane trees", "herons.md"),
        "What do mills grind?": ("grain", "mills.md"),
    }
    workspace.golden.add(
        [
            CaseInput(
                key=question,
                inputs={"question": question},
                expected={"contains": words, "answer": words, "documents": [document]},
            )
            for question, (words, document) in pairs.items()
        ],
        accept=True,
    )


def test_answers_and_retrieval(workspace: Workspace) -> None:
    questions(workspace)
    run = workspace.evals.run("answers")
    assert run.identity["release"].startswith("release_")
    means = {name: item.mean for name, item in run.metrics.items()}
    assert means["contains"] == means["citations"] == means["recall@3"] == 1.0
    similarity = means["similarity"]
    assert similarity is not None
    assert 0 < similarity <= 1
    found = workspace.evals.run("found")
    assert found.metrics["recall@3"].mean == 1.0
    assert workspace.evals.run("answers", target="release:current").cached == 2
    with pytest.raises(NotFoundError, match="release_nothing"):
        workspace.evals.run("answers", target="release:release_nothing")
    workspace.ask("Which production question is this?")
    assert workspace.golden.refresh("sample").traces == 1, "calls of evals are no production"
    release = workspace.why(run.run).upstream.children[1]
    assert (release.kind, release.ref) == ("release", run.identity["release"])


def names(workspace: Workspace, *, expected: str = "Ada") -> None:
    workspace.golden.add(
        [CaseInput(key="ada", inputs={"name": "Ada"}, expected={"contains": expected})],
        golden="names",
        accept=True,
    )


def test_a_prompt_and_its_judge(workspace: Workspace, servers: tuple[ModelServer, ModelServer, str]) -> None:
    up, judge, _ = servers
    up.play()
    judge.play()
    names(workspace)
    run = workspace.evals.run("greeting", repeats=3)
    assert len(up.asked) == 3, "the cache of calls answers no repeat"
    assert len(judge.asked) == 3
    assert (run.metrics["contains"].mean, run.metrics["judge"].mean) == (1.0, 0.75)
    assert run.tokens > 0
    assert workspace.evals.run("greeting", repeats=3).cached == 3
    assert (len(up.asked), len(judge.asked)) == (3, 3), "judgements are taken again, too"
    file = workspace.root / "prompts" / "greet.md"
    text = file.read_text()
    file.write_text(text.replace("Greet", "Warmly greet"))
    changed = workspace.evals.run("greeting", target="prompt:greet@working-tree")
    assert changed.identity["prompt"] != run.identity["prompt"]
    assert len(up.asked) == 4, "another prompt is another question"
    assert len(judge.asked) == 3, "but the same words for the same case get the same grade"
    file.write_text(text)


def test_an_output_is_scored_before_it_is_redacted(
    workspace: Workspace, servers: tuple[ModelServer, ModelServer, str]
) -> None:
    """What is stored says nobody's name, and the score is that of what was said; also when taken again."""
    up, _, _ = servers
    workspace.golden.add(
        [CaseInput(key="mail", inputs={"name": "all"}, expected={"contains": "write to"})],
        golden="mails",
        accept=True,
    )
    up.play(Act(text="Dear all, write to heron@example.org or call +49 30 901820."))
    runs = [workspace.evals.run("mails") for _ in range(2)]
    assert [run.metrics["regex"].mean for run in runs] == [1.0, 1.0]
    assert runs[1].cached == 1
    again = workspace.evals.show(runs[1].run, recompute=True).recomputed
    assert again is not None
    assert (again["redacted"], again["differing"]) == (1, [])
    files = [path for path in (workspace.root / ".headrace").glob("ledger*") if path.is_file()]
    assert files
    assert not any(b"heron@" in path.read_bytes() for path in files)


def test_a_judge_that_cannot_be_read_measures_nothing(
    workspace: Workspace, servers: tuple[ModelServer, ModelServer, str]
) -> None:
    up, judge, _ = servers
    names(workspace)
    judge.play(Act(text="Well."))
    up.play(Act(text="Hi Ada, nice."))
    run = workspace.evals.run("greeting", fresh=True)
    assert (run.metrics["judge"].mean, run.metrics["judge"].unmeasured) == (None, 1)
    assert run.metrics["contains"].mean == 1.0
    judge.play()


def test_an_upstream_that_is_down_is_not_measured(
    workspace: Workspace, servers: tuple[ModelServer, ModelServer, str]
) -> None:
    up, _, _ = servers
    names(workspace)
    up.play(*[Act(status=500, body=b"{}")] * 8)
    run = workspace.evals.run("greeting", fresh=True)
    assert (run.errors, run.outputs, run.metrics["contains"].mean) == (1, 0, None)
    up.play()


def test_an_endpoint(workspace: Workspace) -> None:
    workspace.golden.add(
        [
            CaseInput(
                key="one",
                inputs={"question": 'with "quotes"', "depth": 2},
                expected={
                    "answer": {"q": 'with "quotes"', "options": {"depth": 2}},
                    "documents": ["a.md"],
                },
            ),
            CaseInput(key="two", inputs={"question": "down"}, expected={"answer": "x"}),
        ],
        golden="http",
        accept=True,
    )
    run = workspace.evals.run("elsewhere")
    assert (run.outputs, run.errors, run.tokens) == (1, 1, 7)
    assert (run.metrics["exact"].mean, run.metrics["recall@3"].mean) == (1.0, 1.0)


def test_templates() -> None:
    inputs = {"question": "a", "list": [{"x": 1}]}
    assert filled({"q": "<{{ question }}>", "l": "{{list.0.x}}"}, inputs) == {"q": "<a>", "l": 1}
    assert at(inputs, "list.1.x") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[evals.x]\nscorer = 'exact'\n", "scorers"),
        ("[evals.x]\nrepeats = 0\n", "out of range"),
        ("[evals.x]\nscorers = []\n", "list of scorers"),
        ("[evals.x.budget]\nmoney = 'much'\n", "amount"),
        ("[evals.x.gates.exact]\nmargin = -1\n", "out of range"),
        ("[evals.x.gates.exact]\nat = 1\n", "at_least"),
        ("[evals]\npython = 1\n", "true or false"),
    ],
)
def test_what_is_no_suite(tmp_path: Path, text: str, words: str) -> None:
    bench = Workbench(tmp_path)
    bench.configure(extra=text)
    with pytest.raises(ConfigError, match=words), bench.open():
        pass


def test_a_suite_in_a_file_of_its_own(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "nightly.toml").write_text('target = "search"\nscorers = ["mrr"]\n')
    with bench.open() as workspace:
        [suite] = workspace.evals.list().suites
    assert (suite.name, suite.target, suite.scorers) == ("nightly", "search", ("mrr",))
