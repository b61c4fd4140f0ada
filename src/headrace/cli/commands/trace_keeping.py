"""`headrace trace archive`, `select` and `hold …`: how long traces are kept, and what they may serve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.commands.trace import AfterOption, SinceOption, UntilOption
from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the hold.")]


def trace_archive(ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """Move old spans into files, and end what was kept for long enough, as [traces.keep] says.

    A server does it once a day. What is held stays where it is.
    """
    from headrace.cli.views.traces import show_archive

    return run_operation(ctx, workspace, as_json, lambda opened: opened.traces.archive(), show_archive)


def trace_select(
    ctx: typer.Context,
    purpose: Annotated[str, typer.Argument(metavar="PURPOSE", help="eval or training.")],
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=100_000, metavar="N", help="Traces at most.")
    ] = 1000,
    after: AfterOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List the newest traces whose users permit a purpose, as of now."""
    from headrace.cli.views.traces import show_selection

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.traces.select(purpose, since=since, until=until, limit=limit, after=after),
        show_selection,
    )


def hold_add(
    ctx: typer.Context,
    reason: ReasonOption,
    trace: Annotated[str | None, typer.Option("--trace", metavar="TRACE", help="This trace.")] = None,
    user: Annotated[str | None, typer.Option("--user", "-u", metavar="NAME", help="Of this user.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Hold traces that meet all of this: they are neither moved nor deleted until the hold is released."""
    from headrace.cli.views.traces import show_hold

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.traces.hold(trace=trace, user=user, since=since, until=until, reason=reason),
        show_hold,
    )


def hold_list(
    ctx: typer.Context,
    released: Annotated[bool, typer.Option("--released", help="Those that were released, too.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List what is held, newest first."""
    from headrace.cli.views.traces import show_holds

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.traces.holds(released=released), show_holds
    )


def hold_release(
    ctx: typer.Context,
    hold: Annotated[str, typer.Argument(metavar="HOLD", help="The id of a hold.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Release a hold; who did it and when stays on record."""
    from headrace.cli.views.traces import show_hold

    return run_operation(ctx, workspace, as_json, lambda opened: opened.traces.release(hold), show_hold)


TRACE_KEEPING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("select", trace_select, "headrace trace select training --since 30d --json"),
    ("archive", trace_archive, "headrace trace archive"),
)
HOLDS: Sequence[tuple[str, Callable[..., int], str]] = (
    ("add", hold_add, 'headrace trace hold add --user anna --reason "case 17"'),
    ("list", hold_list, "headrace trace hold list"),
    ("release", hold_release, "headrace trace hold release hold_…"),
)
