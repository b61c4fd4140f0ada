"""Evals on the command line and over HTTP: the same operations, exit codes and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headrace.cli.main import run
from headrace.records.golden import CaseInput
from tests.curate.evals.suites import suites
from tests.workbench import Workbench

Call = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """One for all."""
    return suites(tmp_path_factory.mktemp("doors"))


@pytest.fixture
def call(bench: Workbench, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Runs a command with --json in this process; gives exit code and document."""
    monkeypatch.chdir(bench.root)

    def do(*words: str) -> tuple[int, Any]:
        code = run(["eval", *words, "--json"])
        return code, json.loads(capfd.readouterr().out)

    return do


def test_the_commands(call: Call, bench: Workbench) -> None:
    code, change = call("case", "add", "a", "-q", "a", "-e", '{"answer": "a"}', "--tag", "x", "--must-pass")
    assert (code, change["added"]) == (0, ["a"])
    assert call("case", "accept", "a", "--reason", "looked at")[1]["changed"] == ["a"]
    Path("more.jsonl").write_text('{"key": "b", "inputs": {"question": "b"}, "expected": {"answer": "b"}}\n')
    assert call("case", "import", "more.jsonl", "--accept")[1]["added"] == ["b"]
    assert call("case", "edit", "a", "--owner", "ops")[1]["changed"] == ["a"]
    assert call("case", "show", "a")[1]["owner"] == "ops"
    assert call("case", "export", "out.jsonl")[0] == 0
    assert len(Path("out.jsonl").read_text().splitlines()) == 2
    code, report = call("run", "echo")
    assert (code, set(report) >= {"run", "metrics", "cost", "cached"}) == (0, True)
    exact = {"mean": 1.0, "ci": [0.158114, 1.0], "n": 2, "unmeasured": 0, "repeat_sd": None}
    assert report["metrics"]["exact"] == exact
    assert call("show", report["run"], "--recompute")[0] == 0
    assert call("gate", "echo", "--baseline", report["run"])[1]["verdict"] == "pass"
    with bench.open() as workspace:
        for name, values in (("good", [1] * 60), ("bad", [0] * 30 + [1] * 30)):
            rows = [{"case": f"c{n}", "scores": {"ok": value}} for n, value in enumerate(values)]
            workspace.evals.import_rows(rows, name)
    Path("rows.jsonl").write_text("".join(f'{{"case": "c{n}", "scores": {{"ok": {n}}}}}\n' for n in (0, 1)))
    assert call("import", "rows.jsonl", "--as", "few")[1]["cases"] == 2
    assert call("compare", "good", "bad")[0] == 1
    code, told = call("compare", "good", "few", "--margin", "ok=0.1")
    assert (code, told["verdict"], told["metrics"]["ok"]["margin"]) == (3, "inconclusive", 0.1)
    assert call("compare", "good", "bad", "--margin", "ok")[0] == 2
    assert call("case", "retire", "b", "--reason", "gone")[0] == 0
    assert call("refresh", "main")[0] == 2
    assert call("case", "list", "--state", "active")[1]["counts"] == {"active": 1, "retired": 1}
    assert {item["run"] for item in call("list")[1]["runs"]} >= {"good", "bad", report["run"]}


def test_what_people_see(bench: Workbench, capfd: pytest.CaptureFixture[str]) -> None:
    """The words are there, in 80 columns."""
    from headrace.cli.views import evals, golden
    from headrace.cli.views.console import output_console

    with bench.open() as workspace:
        given = CaseInput(key="a", inputs={"question": "a"}, expected={"answer": "a"}, must_pass=True)
        workspace.golden.add([given], golden="main", accept=True, reason="looked at")
        name = workspace.evals.run("echo").run
        for run_, values in (("all", [1] * 60), ("half", [0] * 30 + [1] * 30), ("two", [1, 0])):
            rows = [{"case": f"c{n}", "scores": {"ok": value}} for n, value in enumerate(values)]
            workspace.evals.import_rows(rows, run_)
        shown: list[tuple[Any, Any, str]] = [
            (evals.show_list, workspace.evals.list(), "golden main"),
            (evals.show_run, workspace.evals.show(name, recompute=True), "recomputed"),
            (evals.show_comparison, workspace.evals.compare("all", "half"), "could have seen"),
            (evals.show_comparison, workspace.evals.compare("all", "two"), "to see that much takes about"),
            (evals.show_gate, workspace.evals.gate("echo", baseline=name), "must pass"),
            (golden.show_cases, workspace.golden.list(), "must pass"),
            (golden.show_case, workspace.golden.show("a"), "looked at"),
        ]
    for show, record, words in shown:
        show(output_console(), record)
        out = capfd.readouterr().out
        assert words in " ".join(out.split()), (words, out)


def test_the_routes(bench: Workbench) -> None:
    from fastapi.testclient import TestClient

    from headrace.server.app import create_app

    with bench.open() as workspace, TestClient(create_app(workspace), base_url="http://127.0.0.1") as client:
        cases = [{"key": "k/1", "inputs": {"question": "q"}, "expected": {"answer": "q"}, "tags": ["t"]}]
        added = client.post("/api/golden/web/cases", json={"cases": cases})
        assert added.json()["added"] == ["k/1"]
        assert client.post("/api/golden/web/accept", json={"keys": ["k/1"]}).json()["changed"] == ["k/1"]
        edited = client.post("/api/golden/web/cases/k/1", json={"owner": "ops", "reason": "asked"})
        assert edited.json()["changed"] == ["k/1"]
        shown = client.get("/api/golden/web/cases/k/1").json()
        assert (shown["owner"], shown["tags"]) == ("ops", ["t"])
        assert client.get("/api/golden/web").json()["counts"] == {"active": 1}
        main = CaseInput(key="a", inputs={"question": "a"}, expected={"answer": "a"})
        workspace.golden.add([main], golden="main", accept=True)
        run_ = client.post("/api/evals/echo/run", json={})
        assert run_.status_code == 200, run_.text
        name = run_.json()["run"]
        assert client.get(f"/api/evals/runs/{name}?recompute=true").json()["recomputed"]["differing"] == []
        rows = [{"case": "a", "scores": {"exact": 1}}]
        imported = client.post("/api/evals/import", json={"name": "web", "rows": rows})
        assert imported.json()["cases"] == 1
        compared = client.post("/api/evals/compare", json={"a": "web", "b": name})
        assert compared.json()["verdict"] == "inconclusive"
        gated = client.post("/api/evals/echo/gate", json={"baseline": name})
        assert gated.json()["verdict"] == "pass"
        assert len(client.get("/api/evals").json()["suites"]) == 5
        gone = client.post("/api/golden/web/retire", json={"keys": ["k/1"], "reason": "done"})
        assert gone.json()["changed"] == ["k/1"]
        assert client.post("/api/golden/web/refresh", json={}).status_code == 400
        for target in ("http://127.0.0.1:1/x", "evals/targets.py:echo"):
            refused = client.post("/api/evals/echo/run", json={"target": target})
            assert refused.status_code == 400
            assert "cannot be named over HTTP" in refused.json()["error"]["message"]
        assert client.get("/api/golden/nothing").status_code == 404
