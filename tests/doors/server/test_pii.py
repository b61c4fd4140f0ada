"""POST /api/pii/scan gives what the operation gives in Python."""

from __future__ import annotations

import httpx

from headrace.records.wire import to_plain
from tests.workbench import Workbench


def test_scan(http: httpx.Client, synced: Workbench) -> None:
    text = "é mail a@b.com"
    found = http.post("/api/pii/scan", json={"text": text}).raise_for_status().json()
    with synced.open() as workspace:
        assert found == to_plain(workspace.pii_scan(text))
    assert [(item["type"], item["start"], item["end"]) for item in found["findings"]] == [
        ("EMAIL_ADDRESS", 7, 14)
    ]


def test_a_body_that_does_not_fit(http: httpx.Client) -> None:
    reply = http.post("/api/pii/scan", json={"texts": ["a"]})
    assert reply.status_code == 422
    assert set(reply.json()["error"]) == {"type", "message", "hint", "details"}
