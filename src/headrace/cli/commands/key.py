"""`headrace key …`: keys of callers over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Of the key, such as the program's.")]
ScopeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        metavar="SCOPE",
        help="chat, embeddings, search, api, mcp, metrics or keys; chat and embeddings if none. Repeatable.",
    ),
]
AccessOption = Annotated[
    list[str] | None,
    typer.Option("--access", metavar="LABEL", help="A label whose documents it opens. Repeatable."),
]
RateOption = Annotated[
    int | None, typer.Option("--per-minute", metavar="N", min=1, help="Requests a minute at most.")
]
BudgetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--budget-per-day", metavar="AMOUNT", help="'5 USD' or '200000' tokens; once of each. Repeatable."
    ),
]


def key_create(
    ctx: typer.Context,
    name: NameArgument,
    scope: ScopeOption = None,
    access: AccessOption = None,
    per_minute: RateOption = None,
    budget_per_day: BudgetOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make a key and show its secret, this once.

    From the first key on, `headrace serve` answers nobody without one: Authorization: Bearer hr_…
    """
    from headrace.cli.views.keys import show_created

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.keys.create(
            name,
            scopes=scope or (),
            access=access or (),
            per_minute=per_minute,
            budgets_per_day=budget_per_day or (),
        ),
        show_created,
    )


def key_list(ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """List keys with what they have used today; never a secret."""
    from headrace.cli.views.keys import show_keys

    return run_operation(ctx, workspace, as_json, lambda opened: opened.keys.list(), show_keys)


def key_revoke(
    ctx: typer.Context, name: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> int:
    """End a key: its next request is refused, also by servers that run."""
    from headrace.cli.views.keys import show_key

    return run_operation(ctx, workspace, as_json, lambda opened: opened.keys.revoke(name), show_key)


KEYS: Sequence[tuple[str, Callable[..., int], str]] = (
    ("create", key_create, "headrace key create shop --scope chat --per-minute 60 --budget-per-day '5 USD'"),
    ("list", key_list, "headrace key list"),
    ("revoke", key_revoke, "headrace key revoke shop"),
)
