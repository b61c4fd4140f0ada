"""`why` shows a caller only what its access labels open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.records.explain import WhyNode
from tests.workbench import Workbench

ACCESS = '\n[corpus.docs.access]\n"docs/hr/*" = ["hr"]\n"*" = ["public"]\n'
SECRET = "The bonus of a heron is seven fish."


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    bench = Workbench(tmp_path)
    bench.configure(extra=ACCESS)
    bench.write("hr/bonus.md", SECRET)
    bench.write("open.md", "Herons stand in shallow water.")
    bench.sync()
    return bench


def _texts(node: WhyNode) -> Iterator[str]:
    yield f"{node.ref} {node.label} {node.facts}"
    for child in node.children:
        yield from _texts(child)


def test_restricted_text_is_shown_with_the_label_and_not_without(bench: Workbench) -> None:
    with bench.open() as workspace:
        answer = workspace.ask("What is the bonus of a heron?", access=["hr"])
        assert answer.citations
        chunk = answer.citations[0].chunk_id
        for ref in (answer.trace_id, chunk, "bonus.md"):
            owner = " ".join(_texts(workspace.why(ref).upstream))
            permitted = " ".join(_texts(workspace.why(ref, access=["hr"]).upstream))
            closed = " ".join(_texts(workspace.why(ref, access=[]).upstream))
            assert owner == permitted
            assert "bonus.md" in permitted
            assert "seven fish" not in closed
            assert "no access" in closed


def test_public_text_needs_no_label(bench: Workbench) -> None:
    with bench.open() as workspace:
        report = workspace.why("open.md", access=[])
    assert report.upstream.facts["uri"] == "docs/open.md"
