"""`headrace loop …`: from new documents to what serves, in one command for cron and CI."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

_CODES = {"done": 0, "failed": 1, "waiting": 3}


def loop_run(
    ctx: typer.Context,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="ENV", help="Where to promote; by default the environment of headrace.toml."
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Take one turn: sync, curate, eval, release, check, and promotion where every suite passed.

    A turn that was cut off goes on where it was; running it twice is the same as once. A second one at the
    same time says so and ends. Exit code 1 when a step fails, 3 where a person must decide.
    """
    from headrace.cli.views.releases import show_turn

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.loop.run(to=to),
        show_turn,
        code=lambda report: _CODES[report.state],
    )


LOOPING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("run", loop_run, "headrace loop run --to production --json"),
)
