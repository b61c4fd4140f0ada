"""P9: an answer leads to file, page, heading and span; the system can be named as of any time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.errors import NotFoundError
from headrace.records.explain import WhyNode
from tests.workbench import Workbench

POLICY = (
    "# Retention\n\n## Traces\n\nTraces are kept for ninety days.\n\n"
    "## Backups\n\nBackups expire after a year.\n"
)


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    bench = Workbench(tmp_path)
    bench.write("policy.md", POLICY)
    bench.write("other.md", "Herons stand in shallow water.")
    bench.sync()
    return bench


def walk(node: WhyNode) -> Iterator[WhyNode]:
    yield node
    for child in node.children:
        yield from walk(child)


def test_an_answer_leads_back_to_its_file_and_span(bench: Workbench) -> None:
    with bench.open() as workspace:
        answer = workspace.ask("How long are traces kept?")
        report = workspace.why(answer.trace_id)
    citation = answer.citations[0]
    assert POLICY[citation.span[0] : citation.span[1]] == citation.quote
    found = {node.kind: node for node in walk(report.upstream)}
    assert {
        "trace",
        "release",
        "generation",
        "recipe",
        "prompt",
        "model",
        "chunk",
        "document",
        "revision",
    } <= set(found)
    cited = [node for node in walk(report.upstream) if node.relation == "cites"]
    assert cited[0].facts["document"] == "docs/policy.md"
    assert "Traces" in cited[0].facts["headings"]
    assert found["release"].ref == answer.release


def test_a_document_leads_to_the_answers_it_went_into(bench: Workbench) -> None:
    with bench.open() as workspace:
        answer = workspace.ask("How long are traces kept?")
        by_document = workspace.why("policy.md")
        by_chunk = workspace.why(answer.citations[0].chunk_id)
    for report in (by_document, by_chunk):
        uses = [node for node in walk(report.downstream) if node.kind == "trace"]
        assert [(node.ref, node.relation) for node in uses] == [(answer.trace_id, "cited by")]


def test_a_moved_document_remembers_where_it_was(bench: Workbench) -> None:
    (bench.root / "docs" / "policy.md").rename(bench.root / "docs" / "retention.md")
    assert bench.sync().documents.moved == 1
    with bench.open() as workspace:
        report = workspace.why("retention.md")
    assert [node.ref for node in walk(report.upstream) if node.relation == "moved from"] == [
        "docs/docs/policy.md"
    ]


def test_an_old_answer_still_explains_itself_after_its_document_changed(bench: Workbench) -> None:
    with bench.open() as workspace:
        answer = workspace.ask("How long are traces kept?")
        bench.write("policy.md", "# Retention\n\nEverything is new here.\n")
        workspace.sync()
        report = workspace.why(answer.trace_id)
    cited = next(node for node in walk(report.upstream) if node.relation == "cites")
    assert cited.facts["now"] == "no longer in the index"
    assert cited.facts["quote"] in POLICY


def test_the_system_can_be_named_at_any_time(bench: Workbench) -> None:
    with bench.open() as workspace:
        first = workspace.at("now")
    bench.configure(chunk_tokens=16)
    bench.sync()
    with bench.open() as workspace:
        second = workspace.at("now")
        back = workspace.at(first.time)
        before = workspace.at("2020-01-01")
    assert [ref.artifact for ref in back.refs] == [ref.artifact for ref in first.refs]
    assert [ref.artifact for ref in second.refs] != [ref.artifact for ref in first.refs]
    assert before.refs == ()


def test_an_unknown_name_is_refused_with_a_way_on(bench: Workbench) -> None:
    with bench.open() as workspace, pytest.raises(NotFoundError) as caught:
        workspace.why("nothing.md")
    assert caught.value.hint
