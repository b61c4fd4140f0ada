"""How a command of a group works: open the workspace, call one operation, print what it gave back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
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


def run_each(
    ctx: typer.Context,
    workspace: Any,
    as_json: bool,
    operation: Callable[[Any], Iterable[Any]],
    show: Callable[[Any, Any], None],
) -> int:
    """Print records as an operation gives them, with JSON one on each line, until it ends or Ctrl-C."""
    from headrace.cli.output import OutputClosed, close_output
    from headrace.cli.views.console import output_console
    from headrace.records.wire import to_plain
    from headrace.workspace import Workspace

    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        console = output_console()
        try:
            for record in operation(opened):
                if as_json:
                    sys.stdout.write(json.dumps(to_plain(record), allow_nan=False) + "\n")
                    sys.stdout.flush()
                else:
                    show(console, record)
        except BrokenPipeError:
            close_output()
            raise OutputClosed from None
        except KeyboardInterrupt:
            return 0
    return 0
