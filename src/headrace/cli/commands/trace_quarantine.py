"""`headrace trace quarantine …`: spans and log records that arrived and could not be kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, cast

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Of an item.")]
IdsArgument = Annotated[list[str] | None, typer.Argument(metavar="[ID…]", help="Of one or more items.")]
AllOption = Annotated[bool, typer.Option("--all", help="Every open item.")]
StateOption = Annotated[
    str, typer.Option("--state", metavar="STATE", help="open, retried, discarded, or all.")
]
ReasonOption = Annotated[
    str | None, typer.Option("--reason", metavar="REASON", help="Only with this reason, such as bad_ids.")
]
LimitOption = Annotated[int, typer.Option("--limit", metavar="N", help="So many at most.")]


def quarantine_list(
    ctx: typer.Context,
    state: StateOption = "open",
    reason: ReasonOption = None,
    limit: LimitOption = 100,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List what arrived and could not be kept, newest first."""
    from headrace.cli.views.receiving import show_items
    from headrace.errors import UsageError
    from headrace.ledger.trace_quarantine import State

    allowed = ("open", "retried", "discarded", "all")
    if state not in allowed:
        raise UsageError(f"No state {state!r}.", hint=f"One of: {', '.join(allowed)}.")
    wanted = None if state == "all" else cast("State", state)
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.receiving.quarantined(state=wanted, reason=reason, limit=limit),
        show_items,
    )


def quarantine_show(
    ctx: typer.Context, item: IdArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> int:
    """Show an item with what it says. It may hold personal data where redaction failed."""
    from headrace.cli.views.receiving import show_body

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.receiving.quarantined_item(item), show_body
    )


def quarantine_retry(
    ctx: typer.Context,
    ids: IdsArgument = None,
    every: AllOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Try again to keep items, once their cause is put right. Exit code 1 when some still cannot be kept."""
    from headrace.cli.views.receiving import show_retry

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.receiving.retry(ids or (), all=every),
        show_retry,
        code=lambda report: int(bool(report.waiting)),
    )


def quarantine_discard(
    ctx: typer.Context,
    ids: IdsArgument = None,
    every: AllOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Drop what was kept of items for good. That there was such an item stays, with its reason."""
    from headrace.cli.views.receiving import show_discarded

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.receiving.discard(ids or (), all=every),
        show_discarded,
    )


TRACE_QUARANTINE: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", quarantine_list, "headrace trace quarantine list --reason bad_ids"),
    ("show", quarantine_show, "headrace trace quarantine show item_uwqlvkdzw5d2z6xt3ognezrbkf"),
    ("retry", quarantine_retry, "headrace trace quarantine retry --all"),
    ("discard", quarantine_discard, "headrace trace quarantine discard item_uwqlvkdzw5d2z6xt3ognezrbkf"),
)
