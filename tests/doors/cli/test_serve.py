"""`headrace serve` as a program: it says where it listens, answers there, and ends when told to."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.doors.cli.program import COMMAND, Program, program_environment


def test_serves_until_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text('[corpus.docs]\nsources = ["docs"]\nrecipe.embedder = "hash"\n')
    with subprocess.Popen(
        [*COMMAND, "serve", "--port", "0"],
        cwd=tmp_path,
        env=program_environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert address is not None
            with urllib.request.urlopen(f"{address.group()}/healthz", timeout=30) as reply:
                assert reply.status == 200
        finally:
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "::", "example.com"])
def test_refuses_other_machines(headrace: Program, tmp_path: Path, host: str) -> None:
    (tmp_path / "headrace.toml").write_text("")
    done = headrace("serve", "--host", host, "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert "other machines" in json.loads(done.stdout)["error"]["message"]
