"""`headrace session …`: what was said in conversations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, UserOption, WorkspaceOption

SessionArgument = Annotated[str, typer.Argument(metavar="SESSION", help="Id of the session.")]


def session_list(
    ctx: typer.Context,
    user: UserOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List sessions, the last used first.

    Users stand there as keyed hashes.
    """
    from headrace.cli.views.sessions import show_sessions

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.sessions.list(user=user, limit=limit), show_sessions
    )


def session_show(
    ctx: typer.Context,
    session: SessionArgument,
    last: Annotated[
        int | None, typer.Option("--last", "-n", min=1, metavar="N", help="Only the last turns.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show what was said in a session, and what was made of it.

    Turns that quote a hidden document are left out.
    """
    from headrace.cli.views.sessions import show_session

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.sessions.show(session, last=last), show_session
    )


def session_append(
    ctx: typer.Context,
    session: SessionArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What was said.")],
    role: Annotated[
        str, typer.Option("--role", "-r", metavar="ROLE", help="user, assistant, system or tool.")
    ] = "user",
    user: UserOption = None,
    trace: Annotated[
        str | None, typer.Option("--trace", "-t", metavar="TRACE", help="The call that gave it.")
    ] = None,
    expect: Annotated[
        int | None,
        typer.Option("--expect", min=0, metavar="N", help="Only if N is the number of the last turn."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Of your own; the same one is kept once.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Add a turn that was said elsewhere.

    The first one begins the session. Nothing is overwritten: turns have numbers without a gap.
    """
    from headrace.cli.views.sessions import show_appended

    said: Any = role  # which roles there are is checked where turns are kept
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.sessions.append(
            session, text, role=said, user=user, trace=trace, expect=expect, id=name
        ),
        show_appended,
    )


def session_close(
    ctx: typer.Context,
    session: SessionArgument,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Take no more turns; what was said stays until it expires."""
    from headrace.cli.views.sessions import show_change

    return run_operation(ctx, workspace, as_json, lambda opened: opened.sessions.close(session), show_change)


def session_delete(
    ctx: typer.Context,
    session: SessionArgument,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Delete a session with its key, bytes included.

    The calls that were made in it stay; `headrace forget subject:USER` takes those of a user too.
    """
    from headrace.cli.views.sessions import show_change

    return run_operation(ctx, workspace, as_json, lambda opened: opened.sessions.delete(session), show_change)


SESSIONS: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", session_list, "headrace session list --user eve"),
    ("show", session_show, "headrace session show chat-7 --last 4"),
    ("append", session_append, 'headrace session append chat-7 "Thanks, that helps." --expect 4'),
    ("close", session_close, "headrace session close chat-7"),
    ("delete", session_delete, "headrace session delete chat-7"),
)
