"""`headrace gate quarantine|report|replay`: the same on every door, and legible in a terminal."""

from __future__ import annotations

import json
from pathlib import Path

from headrace.records.wire import to_plain
from tests.doors.cli.program import Program
from tests.doors.server.serving import client, serving
from tests.flows.test_quarantine import GATES, bench_with, waiting
from tests.ingest.gates.documents import PROSE
from tests.ingest.gates.test_gating import INJECTED, SHORT, documents


def test_the_quarantine_is_the_same_on_every_door(headrace: Program, tmp_path: Path) -> None:
    bench = bench_with(tmp_path, good=PROSE, short=SHORT, bad=INJECTED)
    listed = json.loads(headrace("gate", "quarantine", "list", "--json", cwd=tmp_path).stdout)
    assert [(item["document"], item["gate"]) for item in listed["items"]] == [
        ("docs/bad.md", "prompt_injection"),
        ("docs/short.md", "length"),
    ]
    assert listed["waiting"] == {"length": 1, "prompt_injection": 1}
    name = listed["items"][0]["id"]
    with bench.open() as workspace:
        shown = to_plain(workspace.gates.quarantine.show(name))
        reported = to_plain(workspace.gates.report())
        replayed = to_plain(workspace.gates.replay())
    with serving(tmp_path) as address, client(address) as http:
        assert http.get("/api/gates/quarantine").json() == listed
        assert http.get("/api/gates/quarantine/item", params={"item": name}).json() == shown
        assert http.get("/api/gates/report").json() == reported
        assert http.post("/api/gates/replay", json={}).json() == replayed
        asked = {"items": ["docs/short.md"], "reason": "a test"}
        assert http.post("/api/gates/quarantine/release", json=asked).json()["served"] == [
            "docs/docs/short.md"
        ]
        assert http.post("/api/gates/quarantine/reject", json=asked).json()["withdrawn"] == [
            "docs/docs/short.md"
        ]
        assert http.post("/api/gates/quarantine/replay", json={}).json()["served"] == []
        refused = http.post("/api/gates/quarantine/release", json={"items": ["docs/short.md"]})
        assert refused.status_code == 422
        missing = http.get("/api/gates/quarantine/item", params={"item": "docs/nothing.md"})
        assert missing.status_code == 404
    assert waiting(bench, "rejected") == {"short.md": "length"}


def test_a_session_in_a_terminal(headrace: Program, tmp_path: Path) -> None:
    bench = bench_with(tmp_path, good=PROSE, short=SHORT, bad=INJECTED)
    status = headrace("status", cwd=tmp_path)
    assert "quarantine 2 documents waiting" in status.stdout
    assert "next" not in status.stdout
    released = headrace("gate", "quarantine", "release", "docs/short.md", "--reason", "a test", cwd=tmp_path)
    assert (released.returncode, released.stdout) == (0, "serves     docs/docs/short.md\n")
    bench.configure(extra=GATES.replace('"prompt_injection"', '"prompt_injection"\nminimum_score = 0.95'))
    told = headrace("gate", "replay", "--apply", cwd=tmp_path)
    assert (told.returncode, "1 document moved (" in told.stdout) == (0, True)
    assert "in   docs/bad.md" in told.stdout
    assert documents(bench) == {"good.md", "short.md", "bad.md"}
    page = tmp_path / "gates.html"
    report = headrace("gate", "report", "--html", str(page), cwd=tmp_path)
    assert (report.returncode, page.read_text()[:15]) == (0, "<!doctype html>")
    assert "┴ minimum_score 0.95" in report.stdout
    listed = headrace("gate", "quarantine", "list", "--state", "all", cwd=tmp_path)
    for output in (status, told, report, listed):
        assert all(len(line) <= 80 for line in output.stdout.splitlines())
    assert "3 let in" in report.stdout
