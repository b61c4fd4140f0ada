"""The HTTP API of drafts and coverage, asked over a real connection."""

from __future__ import annotations

from pathlib import Path

from tests.curate.traffic import asked, send
from tests.doors.server.serving import client, serving, small_workspace

QUESTIONS = ("Where do herons nest?", "Who owns the mill?", "What is the fee?", "When is it open?")


def test_drafts_are_made_decided_and_measured(tmp_path: Path) -> None:
    bench = small_workspace(tmp_path)
    with bench.open() as workspace:
        send(workspace, *(asked(text, "Nothing.", grounded=False) for text in QUESTIONS))
    with serving(tmp_path) as address, client(address) as http:
        assert http.post("/api/curation/run", json={}).json()["items"] == 4
        one, two, three, four = (item["id"] for item in http.get("/api/curation").json()["items"])
        done = http.post("/api/curation/accept", json={"items": [one], "expected": "By the river."})
        assert done.json()["state"] == "edited"
        assert http.post("/api/curation/reject", json={"items": [two]}).json()["state"] == "rejected"
        assert http.post("/api/curation/skip", json={"items": [three]}).json()["state"] == "skipped"
        merged = http.post("/api/curation/merge", json={"items": [three], "into": four})
        assert merged.json()["items"][0]["merged_into"] == four
        owned = http.post("/api/curation/assign", json={"items": [four], "owner": "support"})
        assert owned.json()["items"][0]["owner"] == "support"
        assert http.get(f"/api/curation/items/{four}").json()["item"]["owner"] == "support"
        assert http.get("/api/curation?state=edited").json()["counts"]["edited"] == 1
        assert http.get("/api/curation/report").json()["items"] == 4
        assert http.get("/api/coverage/gaps").status_code == 404
        assert http.post("/api/coverage", json={}).json()["queries"] == 4
        assert http.get("/api/coverage/gaps?fewest=1").status_code == 200
        assert http.post("/api/coverage/draft", json={"each": 1, "fewest": 1}).status_code == 200
        assert len(http.get("/api/coverage/history").json()["runs"]) == 1
        refused = http.post("/api/curation/accept", json={"items": [two]})
        assert refused.status_code == 400
        assert "already" in refused.json()["error"]["message"]
        assert http.get("/api/curation/items/draft_nothing").status_code == 404
        assert http.post("/api/curation/accept", json={"items": []}).status_code in (400, 422)
