"""`release skew`: who was served without evidence, and whose requests differ."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from headrace.flows.releases.operations import ReleaseOperations
from headrace.records.call import EVALUATION, SpanEvent, new_span_id, new_trace_id
from headrace.records.datasets import RowInput
from headrace.records.releases import SkewReport
from headrace.ship.requests import RequestShape
from headrace.workspace import Workspace
from tests.flows.releases.bundles import bundle_workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The product with a promoted release, and calls of two environments and of an evaluation."""
    bench = bundle_workspace(tmp_path_factory.mktemp("skewed"))
    with bench.open() as opened:
        implicit = opened.release.show().release.release
        green = opened.release.create().release.release
        opened.release.check(green)
        opened.release.promote(green)
        (bench.root / "prompts" / "sort.md").write_text(
            (bench.root / "prompts" / "sort.md").read_text().replace("Sort the", "Sort well the")
        )
        staged = opened.release.create(prompts=["sort"]).release.release
        opened.release.promote(staged, to="staging", force=True, reason="to try it")
        version = opened.prompts.resolve("sort").version.digest
        other = opened.release.show(staged).prompts["sort"].digest
        spans = [_call(implicit, version, tokens=4_000) for _ in range(3)]
        spans += [_call(green, version, tokens=4_000) for _ in range(5)]
        spans += [_call(staged, other, tokens=50_000) for _ in range(4)]
        spans += [_call(green, version, tokens=4_000, evaluation=True) for _ in range(6)]
        spans += [_call(None, None, tokens=100, tools=["lookup"], system="You are new.")]
        opened.events.append(spans).result()
        yield opened


def _call(
    release: str | None,
    prompt: str | None,
    *,
    tokens: int,
    tools: list[str] | None = None,
    system: str | None = None,
    evaluation: bool = False,
) -> SpanEvent:
    now_ns = time.time_ns()
    facts: dict[str, Any] = {
        "gen_ai.request.model": "small",
        "gen_ai.usage.input_tokens": tokens,
        "parameters": {"temperature": 0},
        "input": [{"role": "system", "content": system}] if system else [],
        "tools": tools,
        "prompt": prompt and {"name": "sort", "digest": prompt},
    }
    return SpanEvent(
        service=EVALUATION if evaluation else None,
        trace_id=new_trace_id(),
        span_id=new_span_id(),
        name="call sort",
        kind="call",
        start_ns=now_ns,
        end_ns=now_ns,
        release=release,
        prompt=prompt,
        attributes={key: value for key, value in facts.items() if value is not None},
    )


def _said(report: SkewReport, first: str, second: str) -> Mapping[str, str]:
    return {
        item.component: item.said for item in report.requests if (item.first, item.second) == (first, second)
    }


def test_what_served_without_green_evidence_is_counted_by_release(workspace: Workspace) -> None:
    report = workspace.release.skew()
    assert (report.calls, report.ungated, report.skewed, report.truncated) == (13, 8, True, False)
    served = {item.release: item for item in report.served}
    green = workspace.release.show("production").release.release
    staged = workspace.release.show("staging").release.release
    assert (served[green].calls, served[green].standing, served[green].otherwise) == (5, "green", [])
    assert (served[staged].calls, served[staged].standing) == (4, "missing")
    assert served[staged].otherwise == ["prompt sort"]
    assert (served[""].calls, served[""].standing) == (1, "missing")
    assert sum(item.calls for item in report.served if item.implicit and item.release) == 3
    assert len(served[green].examples) == 3
    few = workspace.release.skew(limit=2)
    assert (few.truncated, few.calls <= 2) == (True, True)
    assert workspace.release.skew(since="2020-01-01").calls == 13


def test_requests_of_training_rows_are_held_against_serving(workspace: Workspace) -> None:
    calls = workspace.events.recent(kind="call")
    trace = next(span.trace_id for span in calls if span.attributes["gen_ai.usage.input_tokens"] == 50_000)
    workspace.datasets.create("answers")
    row = RowInput(key="r", fields={"q": "?"}, provenance={"trace": trace})
    workspace.datasets.add("answers", [row, RowInput(key="s", fields={"q": "!"})])
    workspace.datasets.commit("answers")
    said = _said(workspace.release.skew(), "training", "serving")
    assert said["system"] == "69% of serving have a system that training never had"
    assert "50,000" in said["context_tokens"]


def test_whole_requests_of_evals_and_of_environments_are_held_against_serving(workspace: Workspace) -> None:
    report = workspace.release.skew()
    evals = _said(report, "eval", "serving")
    assert evals["system"] == "38% of serving have a system that eval never had"
    assert evals["tools"] == "8% of serving have tools that eval never had"
    assert evals["context_tokens"] == (
        "tokens of context: p50 4,000 and p95 4,000 in eval, 4,000 and 50,000 in serving"
    )
    sides = _said(report, "production", "staging")
    assert set(sides) == {"system", "context_tokens"}
    (difference,) = [
        item for item in report.requests if item.component == "system" and item.first == "production"
    ]
    assert (difference.share_first, difference.share_second) == (1.0, 1.0)
    assert len(difference.only_second[0]["examples"]) == 3


class _Rows:
    """Training rows of another time: a smaller corpus, and a few-shot set."""

    def shapes(self, limit: int) -> list[RequestShape]:
        rows = [
            RequestShape(example=f"row {number}", few_shot="few_shot_x", corpus_documents=1_000)
            for number in range(limit)
        ]
        return rows[:10]


def test_training_rows_come_through_a_source(workspace: Workspace) -> None:
    parts = replace(workspace.release.parts, sources=lambda: {"training": _Rows()})
    workspace.search("mill")
    said = _said(ReleaseOperations(parts=parts).skew(), "training", "serving")
    assert said["few_shot"].startswith("100% of serving have a few shot that training never had")
    assert said["corpus_documents"].startswith("documents searched: p50 1,000")
    assert set(said) == {"few_shot", "corpus_documents"}, "what rows do not say is not compared"


def test_the_pages_of_the_terminal_show_it(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    from headrace.cli.main import run

    assert run(["-w", str(workspace.root), "release", "skew"]) == 1
    out = capsys.readouterr().out
    assert "had no green evidence" in out
    assert "38% of serving have a system that eval never had" in out
    for command, code in (("show", 0), ("list", 0), ("log", 0), ("envs", 0)):
        assert run(["-w", str(workspace.root), "release", command]) == code
    assert run(["-w", str(workspace.root), "release", "diff", "staging", "production"]) == 0
    shown = capsys.readouterr().out
    for word in ("made on purpose", "staging", "promote", "prompt sort", "every suite passed", "otherwise"):
        assert word in shown, word
    assert max(map(len, shown.splitlines())) < 140
