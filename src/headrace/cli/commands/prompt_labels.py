"""`headrace prompt …`: which version serves, since when, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.commands.prompt import NameArgument
from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept in the history.")
]


def prompt_log(
    ctx: typer.Context,
    name: NameArgument,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show every move of every label of a prompt, newest first.

    `*` marks where a label points now.
    """
    from headrace.cli.views.prompts import show_log

    return run_operation(ctx, workspace, as_json, lambda opened: opened.prompts.log(name), show_log)


def prompt_label(
    ctx: typer.Context,
    name: NameArgument,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="Such as production, staging or v2.")],
    version: Annotated[
        str | None, typer.Argument(metavar="[VERSION]", help="A label or digest; else the file.")
    ] = None,
    reason: ReasonOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Point a label to a version, by default to the file as it is now.

    The label of the environment, `production` unless configured, decides what calls take: a release is minted
    and every process takes that version from its next call on.
    """
    from headrace.cli.views.prompts import show_label

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.prompts.label(name, label, version, reason=reason),
        show_label,
    )


def prompt_rollback(
    ctx: typer.Context,
    name: NameArgument,
    label: Annotated[
        str | None,
        typer.Option("--label", metavar="LABEL", help="Which one; else that of the environment, production."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="DIGEST", help="A version the label had; else the last."),
    ] = None,
    reason: ReasonOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Point a label to the version that it had before.

    Every process takes that version from its next call on. Two rollbacks go back twice.
    """
    from headrace.cli.views.prompts import show_label

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.prompts.rollback(name, label=label, to=to, reason=reason),
        show_label,
    )


LABELLING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("log", prompt_log, "headrace prompt log triage"),
    ("label", prompt_label, 'headrace prompt label triage production --reason "shorter answers"'),
    ("rollback", prompt_rollback, 'headrace prompt rollback triage --reason "invented ticket numbers"'),
)
