"""`headrace vault` and `headrace cache`: what they print, and what stays out of it."""

from __future__ import annotations

import json
from pathlib import Path

from headrace.infer.gateway.base import CallRequest
from headrace.workspace import Workspace
from tests.doors.cli.program import Program


def test_a_value_from_hiding_to_rotation(tmp_path: Path, headrace: Program) -> None:
    (tmp_path / "headrace.toml").write_text("[cache]\nexact = true\n", encoding="utf-8")
    with Workspace.open(tmp_path) as workspace:
        shield = workspace.shields.shield(CallRequest(messages=[], model="m", vault="on", trace_id="t"))
        token = shield.hide("John Doe")
        assert shield.show(token) == "John Doe"
        shield.settle().result()
    refused = headrace("vault", "reveal", token, cwd=tmp_path)
    assert refused.returncode == 2
    assert "--reason" in refused.stderr
    rotated = headrace("vault", "rotate", "--json", cwd=tmp_path)
    assert json.loads(rotated.stdout)["destroyed"] == ["vault-1"]
    shown = headrace("vault", "reveal", token, "--reason", "ticket 4711", cwd=tmp_path)
    assert (shown.returncode, shown.stdout.split("\n")[0]) == (0, "John Doe")
    status = headrace("vault", "status", cwd=tmp_path)
    assert "John" not in status.stdout
    assert "reveal of 1 token" in status.stdout
    assert "ticket 4711" in status.stdout
    assert max(map(len, status.stdout.split("\n"))) <= 100
    cache = headrace("call", "cache", "status", cwd=tmp_path)
    assert (cache.returncode, "exact      on" in cache.stdout) == (0, True)
