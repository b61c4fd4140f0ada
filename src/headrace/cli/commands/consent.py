"""`headrace consent …`: what users allow to be done with what they said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption
from headrace.errors import UsageError

UserArgument = Annotated[
    str, typer.Argument(metavar="USER", help="As calls name the user; a keyed hash is kept.")
]
_ANSWERS = {"yes": True, "no": False}


def consent_set(
    ctx: typer.Context,
    user: UserArgument,
    evaluation: Annotated[
        str | None, typer.Option("--eval", metavar="yes|no", help="Whether evaluation may use it.")
    ] = None,
    training: Annotated[
        str | None, typer.Option("--training", metavar="yes|no", help="Whether training may use it.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Kept with the decision.")] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Record what a user allows. It counts from now on, for what was said before, too.

    Evaluation is allowed until it is refused; training is refused until it is allowed.
    """
    from headrace.cli.views.traces import show_consent

    given = (_answer("--eval", evaluation), _answer("--training", training))
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.consents.set(user, eval=given[0], training=given[1], reason=reason),
        show_consent,
    )


def consent_show(
    ctx: typer.Context, user: UserArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> int:
    """Show what a user allows now, and every decision."""
    from headrace.cli.views.traces import show_consent

    return run_operation(ctx, workspace, as_json, lambda opened: opened.consents.show(user), show_consent)


def consent_list(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List the decisions of all users, newest first."""
    from headrace.cli.views.traces import show_consents

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.consents.list(limit=limit), show_consents
    )


def _answer(option: str, text: str | None) -> bool | None:
    if text is None:
        return None
    if text.lower() not in _ANSWERS:
        raise UsageError(f"{option} is {text!r}. Allowed: yes, no.")
    return _ANSWERS[text.lower()]


CONSENTS: Sequence[tuple[str, Callable[..., int], str]] = (
    ("set", consent_set, "headrace consent set anna --training yes"),
    ("show", consent_show, "headrace consent show anna"),
    ("list", consent_list, "headrace consent list"),
)
