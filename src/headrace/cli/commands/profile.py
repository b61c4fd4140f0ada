"""`headrace profile …`: what is known of users, by schema, with every change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Kind of profile: NAME of [profiles.NAME].")
]
UserArgument = Annotated[str, typer.Argument(metavar="USER", help="Whose; only a keyed hash is kept.")]


def profile_get(
    ctx: typer.Context,
    name: NameArgument,
    user: UserArgument,
    version: Annotated[
        int | None, typer.Option("--version", min=1, metavar="N", help="As it was in this version.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show the profile of a user, in the newest version of its schema."""
    from headrace.cli.views.profiles import show_profile

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.profiles.get(name, user, version=version), show_profile
    )


def profile_set(
    ctx: typer.Context,
    name: NameArgument,
    user: UserArgument,
    fields: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FIELD=VALUE]...", help="JSON where it is some, else a text."),
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="FIELD", help="Take a field out. Repeat it.")
    ] = None,
    value: Annotated[
        str | None, typer.Option("--value", metavar="JSON", help="All of it anew, as a JSON object.")
    ] = None,
    expect: Annotated[
        int | None,
        typer.Option("--expect", min=0, metavar="N", help="Only if version N counts; 0: if there is none."),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the change.")] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Set fields of a profile; it has to be valid by its schema.

    Every change is kept with its time, its author and each field before and after.
    """
    from headrace.cli.variables import read_json_object, read_pairs
    from headrace.cli.views.profiles import show_profile
    from headrace.infer.prompts.types import from_text

    pairs = read_pairs(fields or (), option="field")
    given = {key: from_text(text, "any") for key, text in pairs.items()}
    whole = None if value is None else read_json_object(value, option="--value")
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.profiles.set(
            name, user, given, remove=remove or (), value=whole, expect=expect, reason=reason
        ),
        show_profile,
    )


def profile_history(
    ctx: typer.Context,
    name: NameArgument,
    user: UserArgument,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show every change of a profile, the newest first."""
    from headrace.cli.views.profiles import show_history

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.profiles.history(name, user, limit=limit), show_history
    )


def profile_list(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this kind.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List profiles, the last changed first, by keyed hashes of their users."""
    from headrace.cli.views.profiles import show_profiles

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.profiles.list(name, limit=limit), show_profiles
    )


PROFILES: Sequence[tuple[str, Callable[..., int], str]] = (
    ("get", profile_get, "headrace profile get learner u7"),
    ("set", profile_set, "headrace profile set learner u7 level=B1 --expect 3"),
    ("history", profile_history, "headrace profile history learner u7"),
    ("list", profile_list, "headrace profile list learner"),
)
