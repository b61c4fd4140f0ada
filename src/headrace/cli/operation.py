"""How a command of a group works: open the workspace, call one operation, print what it gave back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from headrace.cli.options import workspace_folder


def run_operation(
    ctx: typer.Context,
    workspace: Any,
    as_json: bool,
    operation: Callable[[Any], Any],
    show: Callable[[Any, Any], None],
    code: Callable[[Any], int] = lambda _: 0,
) -> int:
    """Call an operation of the workspace and print its record, as JSON or by `show`; gives the exit code."""
    from headrace.workspace import Workspace

    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        report = operation(opened)
    if as_json:
        from headrace.cli.output import write_json

        write_json(report)
    else:
        from headrace.cli.views.console import output_console

        show(output_console(), report)
    return code(report)
