"""`headrace vault …`: what calls hid from models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption


def vault_status(
    ctx: typer.Context,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, max=1000, help="Newest entries of the audit log to show.")
    ] = 10,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show what the vault holds, its keys, and who had values shown; never a value.

    A prompt with `vault: on` sends tokens such as ⟨PERSON_k7f3q2ma⟩ in place of personal data, and puts the
    values back into the answer.
    """
    from headrace.cli.views.vault import show_status

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.vault.status(limit=limit), show_status
    )


def vault_reveal(
    ctx: typer.Context,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="As ⟨PERSON_k7f3q2ma⟩, brackets or not.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; it goes to the audit log. Needed.")
    ],
    session: Annotated[
        str | None, typer.Option("--session", metavar="ID", help="Whose it is, where several have it.")
    ] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", metavar="ID", help="The user of that session, if it has one.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show the value of one token. Who asked, when and why is in the audit log before it is read."""
    from headrace.cli.views.vault import show_value

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.vault.reveal(token, reason=reason, session=session, subject=subject),
        show_value,
    )


def vault_rotate(ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """Replace all keys: a new master key, new keys for every session, values sealed anew, old keys gone.

    Calls go on meanwhile. Run it again when it was interrupted: it goes on from there.
    """
    from headrace.cli.views.vault import show_rotation

    return run_operation(ctx, workspace, as_json, lambda opened: opened.vault.rotate(), show_rotation)


KEEPING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("status", vault_status, "headrace vault status"),
    ("reveal", vault_reveal, 'headrace vault reveal PERSON_k7f3q2ma --reason "ticket 4711"'),
    ("rotate", vault_rotate, "headrace vault rotate"),
)
