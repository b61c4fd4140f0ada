"""`headrace prompt`: from a file to what serves and back, the same on every door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.cli.main import run as run_here
from headrace.records.wire import to_plain
from tests.doors.server.serving import client, serving
from tests.prompt_files import change, prompt_workspace


def test_a_prompt_is_checked_rendered_released_and_rolled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    prompt_workspace(tmp_path)
    monkeypatch.chdir(tmp_path)

    def text(*arguments: str, code: int = 0) -> str:
        assert run_here(["prompt", *arguments]) == code
        return capfd.readouterr().out

    def run(*arguments: str, code: int = 0) -> Any:
        return json.loads(text(*arguments, "--json", code=code))

    assert run("check") == {"prompts": 1, "problems": []}
    (tmp_path / "long.txt").write_text("Pump 3 hums.")
    rendered = run("render", "triage", "--var", "ticket=@long.txt", "--var", "limit=5")
    assert rendered["messages"][-1]["content"] == "Pump 3 hums. (at most 5 words)"
    assert (rendered["counted_by"], rendered["text"]) == ("tokenizer", None)
    templated = run("render", "triage", "--var", "ticket=@@x", "--template")
    assert templated["text"].endswith("<|user|>@x<|end|>\n<|assistant|>")
    wrong = run("render", "triage", "--var", "ticket=x", "--var", "limit=many", code=2)
    assert wrong["error"]["details"]["wanted"] == "int?"
    first = run("label", "triage", "production", "--reason", "first")
    change(tmp_path, "prompts/triage.md", "Sort the ticket", "Sort it")
    assert "-Sort the ticket.\n+Sort it.\n" in text("diff", "triage")
    second = run("label", "triage", "production")
    assert run("rollback", "triage")["digest"] == first["digest"] != second["digest"]
    change(tmp_path, "prompts/triage.md", "schema: ticket", "schema: tickets")
    broken = run("check", code=1)
    assert [(item["file"], item["line"]) for item in broken["problems"]] == [("prompts/triage.md", 5)]
    plain = text("check", code=1)
    assert plain.startswith("prompts/triage.md:5: prompt 'triage': No schema 'tickets'.")
    assert "the file is wrong" in text("list")
    assert "schema     ticket version 2" in text("show", "triage@production")
    assert "* production    " in text("log", "triage")


def test_the_other_doors_say_the_same(tmp_path: Path) -> None:
    bench = prompt_workspace(tmp_path)
    with bench.open() as workspace, serving(tmp_path) as address, client(address) as http:
        prompts = workspace.prompts
        moved = http.post("/api/prompts/triage/label", json={"label": "production", "reason": "first"}).json()
        assert prompts.resolve("triage").version.digest == moved["digest"]
        change(tmp_path, "prompts/triage.md", "Sort the ticket", "Sort it")
        prompts.label("triage", "production")
        given = {"ticket": "x", "limit": 3}
        asked = {
            "/api/prompts/triage/render": ({"variables": given}, prompts.render("triage", given)),
            "/api/prompts/triage/diff": ({"a": moved["digest"]}, prompts.diff("triage", moved["digest"])),
            "/api/prompts/check": ({"upstream": False}, prompts.check()),
        }
        for path, (body, expected) in asked.items():
            assert http.post(path, json=body).json() == to_plain(expected), path
        assert http.get("/api/prompts").json() == to_plain(prompts.list())
        assert http.get("/api/prompts/triage", params={"version": "production"}).json() == to_plain(
            prompts.show("triage", "production")
        )
        back = http.post("/api/prompts/triage/rollback", json={}).json()
        assert (back["digest"], prompts.resolve("triage").version.digest) == (moved["digest"],) * 2
        assert http.get("/api/prompts/triage/log").json() == to_plain(prompts.log("triage"))
        refused = http.post("/api/prompts/triage/render", json={"variables": {"ticket": 3}})
        assert (refused.status_code, refused.json()["error"]["type"]) == (400, "UsageError")
        assert http.get("/api/prompts/..%2f..%2fetc").status_code == 404
