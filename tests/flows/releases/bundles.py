"""A small product: documents with known answers, a prompt with a schema, a model that speaks real HTTP."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from headrace.flows.releases.operations import ReleaseOperations
from headrace.records.releases import Evidence
from headrace.workspace import Workspace
from tests.prompt_files import write
from tests.workbench import Workbench

SORT = """\
---
model: small
schema: severity
parameters: {temperature: 0}
---
## system
Sort the ticket.

## user
{{ ticket }}
"""
_SCHEMA = """\
{"version": 1, "type": "object", "required": ["severity"],
 "properties": {"severity": {"type": "string"}}}
"""
_MODELS = """
[models.small]
base_url = "{url}"
model = "small-7b-2026-01-31"

[models.large]
base_url = "{url}"
model = "large-70b"
"""
UNREACHABLE = "http://127.0.0.1:9/v1"


def bundle_workspace(
    root: Path,
    *,
    url: str = UNREACHABLE,
    suites: str = '"golden"',
    documents: int = 12,
    extra: str = "",
    ledger: str | None = None,
) -> Workbench:
    """A synced workspace whose prompt is released."""
    bench = Workbench(root)
    configure(bench, url=url, suites=suites, extra=extra, ledger=ledger)
    for number in range(documents):
        bench.write(f"{number}.md", f"Mill number {number} stands at weir {number * 37}.")
    write(root, "prompts/sort.md", SORT)
    write(root, "schemas/severity.json", _SCHEMA)
    golden = [
        {"question": f"Where does mill number {number} stand?", "document": f"docs/{number}.md"}
        for number in range(12)
    ]
    (root / "golden.jsonl").write_text("\n".join(map(json.dumps, golden)), encoding="utf-8")
    bench.sync()
    with bench.open() as workspace:
        workspace.prompts.label("sort", "production")
    return bench


def copied(template: Path, root: Path) -> Workbench:
    """The same workspace elsewhere; it writes into its own index."""
    shutil.copytree(template, root)
    text = (root / "headrace.toml").read_text(encoding="utf-8")
    bench = Workbench(root)
    (root / "headrace.toml").write_text(text, encoding="utf-8")
    return bench


def configure(
    bench: Workbench,
    *,
    url: str = UNREACHABLE,
    suites: str = '"golden"',
    extra: str = "",
    ledger: str | None = None,
    **recipe: Any,
) -> None:
    """Write headrace.toml anew."""
    release = f"\n[release]\nsuites = [{suites}]\n"
    bench.configure(extra=_MODELS.format(url=url) + release + extra, ledger=ledger, **recipe)


class Contains:
    """A small evaluator: it asks a release for real, and looks for words in what it says."""

    def __init__(self, workspace: Workspace, cases: list[tuple[dict[str, Any], str]]) -> None:
        self._workspace = workspace
        self._cases = cases
        self.traces: list[str | None] = []

    def evaluate(self, suite: str, digest: str) -> Evidence:
        """Pass where every case says its word."""
        view = self._workspace.at_release(digest)
        replies = [(_answered(view, inputs), word) for inputs, word in self._cases]
        self.traces = [trace_id for (_, trace_id), _ in replies]
        right = sum(word in said for (said, _), word in replies)
        return Evidence(
            run=f"run_{suite}_{len(replies)}",
            verdict="pass" if right == len(replies) else "fail",
            metrics={"right": right},
        )


def _answered(view: Workspace, inputs: dict[str, Any]) -> tuple[str, str]:
    """What a release says to a question, or makes of the variables of a prompt; and the trace."""
    if "question" in inputs:
        answer = view.ask(inputs["question"])
        return answer.answer, answer.trace_id
    report = view.calls.run(inputs["prompt"], inputs["variables"])
    return str(report.output), report.trace_id


def evaluated_by(workspace: Workspace, evaluator: Contains) -> ReleaseOperations:
    """The operations with an evaluator for suites that are not built in."""
    return ReleaseOperations(parts=replace(workspace.release.parts, evaluator=lambda: evaluator))
