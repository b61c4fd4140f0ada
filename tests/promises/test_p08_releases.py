"""P8: a promotion or rollback counts in every process at its next request, whole."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.flows.releases.bundles import bundle_workspace
from tests.prompt_files import change

_ASKER = """\
import sys, time, headrace
with headrace.open(sys.argv[1]) as workspace:
    workspace.ask("Where does mill number 3 stand?")
    print("ready", flush=True)
    until = time.monotonic() + float(sys.argv[2])
    while time.monotonic() < until:
        started = time.monotonic_ns()
        answer = workspace.ask("Where does mill number 3 stand?")
        prompt = workspace.prompts.resolve("sort")
        print(started, answer.release, answer.generation, prompt.release, prompt.version.digest)
"""


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_every_process_serves_the_promoted_bundle_from_its_next_request_on(
    tmp_path: Path, request: pytest.FixtureRequest, engine: str
) -> None:
    ledger = request.getfixturevalue("postgres_url") if engine == "postgresql" else None
    bench = bundle_workspace(tmp_path, ledger=ledger)
    with bench.open() as workspace:
        first = workspace.release.create().release.release
        workspace.index.build(fresh=True)
        change(bench.root, "prompts/sort.md", "Sort the ticket.", "Sort it well.")
        second = workspace.release.create(prompts=["sort"], generations=["docs/2"]).release.release
        workspace.release.promote(first, force=True, reason="to begin with")
        bundles = {}
        for release in (first, second):
            shown = workspace.release.show(release)
            bundles[release] = (shown.corpora["docs"]["generation"], shown.prompts["sort"].digest)
        asker = subprocess.Popen(
            [sys.executable, "-c", _ASKER, str(bench.root), "1.0"], stdout=subprocess.PIPE, text=True
        )
        assert asker.stdout is not None
        assert asker.stdout.readline() == "ready\n"
        moves = []
        for release in (second, first, second):
            time.sleep(0.15)
            workspace.release.promote(release, force=True, reason="back and forth")
            moves.append((time.monotonic_ns(), release))
        printed, _ = asker.communicate(timeout=60)
    assert asker.returncode == 0
    rows = [line.split() for line in printed.splitlines()]
    assert len({row[1] for row in rows}) == 2, "it saw the moves while they happened"
    for started, answered, generation, resolved, version in rows:
        assert bundles[answered][0] == generation, "index and release are of one bundle"
        assert bundles[resolved][1] == version, "so are prompt and release"
        before = [release for moved, release in moves if moved < int(started)]
        after = [release for moved, release in moves if moved >= int(started)]
        if before and not after:
            assert answered == resolved == before[-1], "a move that returned counts"
