"""`workspace.index`: what the registry says of each generation."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.errors import NotFoundError, UsageError
from tests.workbench import Workbench


def test_a_generation_tells_what_it_holds_and_how_it_came_about(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("page.md", "A document about herons.")
    report = bench.sync()
    with bench.open() as workspace:
        (one,) = workspace.index.list().generations
        detail = workspace.index.show("docs/1")
    assert (one.generation, one.digest) == (report.generation, report.digest)
    assert (one.state, one.serves, one.written, one.coverage) == ("live", True, True, 1.0)
    assert (one.documents, one.chunks, one.embedder) == (1, 1, "hash")
    assert one.size_bytes
    assert detail.generation == one
    assert detail.recipe["chunker"]["chunk_tokens"] == 32
    assert [(step.state, step.reason) for step in detail.history] == [("live", "first sync")]


def test_a_change_of_recipe_is_in_the_history_of_both(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("page.md", "A document about herons.")
    bench.sync()
    bench.configure(chunk_tokens=16)
    bench.sync()
    with bench.open() as workspace:
        former, now = workspace.index.list("docs").generations
        past = workspace.index.show(former.generation).history
        steps = workspace.index.show(now.generation).history
    assert (former.state, former.serves, now.state, now.serves) == ("retired", False, "live", True)
    assert [step.state for step in past] == ["live", "retired"]
    assert [step.state for step in steps] == ["building", "live"]
    assert all(step.actor and step.reason for step in [*past, *steps])


def test_a_generation_is_named_by_its_id_a_start_of_it_or_its_number(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("page.md", "A document about herons.")
    whole = bench.sync().generation
    with bench.open() as workspace:
        for name in (whole, whole[:12], "docs/1"):
            assert workspace.index.show(name).generation.generation == whole
        for name in ("docs/2", "gen_aaaaaaaaaaaaaa", "", "gen"):
            with pytest.raises(NotFoundError, match="docs/1"):
                workspace.index.show(name)
        with pytest.raises(UsageError):
            workspace.index.list("nothing")
