"""`headrace hide` and `headrace unhide`: out of sight at once, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.options import JsonOption, WorkspaceOption, workspace_folder

if TYPE_CHECKING:
    from headrace.records.forget import HideReport

RefArgument = Annotated[
    str,
    typer.Argument(metavar="REF", help="A document (URI or file name), source:NAME or subject:VALUE."),
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is recorded.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Go on although REF means several documents.")]


def hide(
    ctx: typer.Context,
    ref: RefArgument,
    reason: ReasonOption = "",
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Hide documents at once from search, answers and lineage.

    `headrace unhide` shows them again; when the time to live of [erasure] is over, the next sync erases them.
    """
    from headrace.workspace import Workspace

    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        return _show(opened.hide(ref, reason=reason, confirmed=yes), as_json=as_json)


def unhide(
    ctx: typer.Context,
    ref: RefArgument,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show hidden documents again.

    That works until they are erased.
    """
    from headrace.workspace import Workspace

    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        return _show(opened.unhide(ref), as_json=as_json)


def _show(report: HideReport, *, as_json: bool) -> int:
    if as_json:
        from headrace.cli.output import write_json

        write_json(report)
        return 0
    from headrace.cli.views.console import output_console
    from headrace.cli.views.forget import show_hidden

    show_hidden(output_console(), report)
    return 0
