"""`headrace sync`: bring the index in step with the sources."""

from __future__ import annotations

from contextlib import nullcontext
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
    from headrace.records.sync import SyncReport


def sync(
    ctx: typer.Context,
    corpus: CorpusOption = None,
    confirm_deletes: ConfirmOption = False,
    verify: VerifyOption = False,
    budget: BudgetOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Bring the index in step with the sources.

    Only what changed is read, chunked and embedded, and what served before serves until the new is complete.

    Exit code 1 when some documents failed (the rest is served), 3 when deletions or embeddings
    were withheld: a mass delete, a budget that is reached, an embedder that changed.
    """
    from headrace.cli.each_corpus import for_each_corpus
    from headrace.workspace import Workspace

    def run(name: str) -> SyncReport:
        from headrace.cli.views.progress import sync_progress

        with nullcontext() if as_json else sync_progress() as listener:
            return opened.sync(
                name, confirm_deletes=confirm_deletes, verify=verify, budget=budget, progress=listener
            )

    def show(report: SyncReport) -> None:
        from headrace.cli.views.console import output_console
        from headrace.cli.views.sync import show_sync

        show_sync(output_console(), report)

    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        return for_each_corpus(opened.config, corpus, run=run, show=show, as_json=as_json)
