"""`headrace plan`: what a sync would do and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from headrace.cli.options import (
    BudgetOption,
    ConfirmOption,
    CorpusOption,
    JsonOption,
    VerifyOption,
    WorkspaceOption,
    workspace_folder,
)

if TYPE_CHECKING:
    from headrace.records.sync import PlanReport


def plan(
    ctx: typer.Context,
    corpus: CorpusOption = None,
    confirm_deletes: ConfirmOption = False,
    verify: VerifyOption = False,
    budget: BudgetOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show what a sync would change and cost, and change nothing.

    Exit code 1 when some documents would fail, 3 when deletions would be withheld or the
    budget would be reached.
    """
    from headrace.cli.each_corpus import for_each_corpus
    from headrace.workspace import Workspace

    def run(name: str) -> PlanReport:
        return opened.plan(name, confirm_deletes=confirm_deletes, verify=verify, budget=budget)

    def show(report: PlanReport) -> None:
        from headrace.cli.views.console import output_console
        from headrace.cli.views.sync import show_plan

        show_plan(output_console(), report)

    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        return for_each_corpus(opened.config, corpus, run=run, show=show, as_json=as_json)
