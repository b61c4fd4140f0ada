"""`headrace dead-letter …`: calls whose output never became valid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, cast

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Of a dead letter.")]
IdsArgument = Annotated[list[str], typer.Argument(metavar="ID…", help="Of one or more dead letters.")]
SomeIdsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[ID…]", help="Of one or more dead letters.")
]
OfPromptOption = Annotated[
    str | None, typer.Option("--of-prompt", metavar="NAME", help="Only letters of this prompt.")
]
StateOption = Annotated[
    str, typer.Option("--state", metavar="STATE", help="open, resolved, discarded, or all.")
]
AllOption = Annotated[bool, typer.Option("--all", help="Every open letter.")]
ModelOption = Annotated[
    str | None, typer.Option("--model", "-m", metavar="NAME", help="Call this model instead.")
]
PromptOption = Annotated[
    str | None, typer.Option("--prompt", "-p", metavar="NAME", help="Call with this prompt instead.")
]


def letter_list(
    ctx: typer.Context,
    of_prompt: OfPromptOption = None,
    state: StateOption = "open",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List calls whose output never became valid, oldest first."""
    from headrace.cli.views.calls import show_letters
    from headrace.errors import UsageError
    from headrace.ledger.call_letters import State

    allowed = ("open", "resolved", "discarded", "all")
    if state not in allowed:
        raise UsageError(f"No state {state!r}.", hint=f"One of: {', '.join(allowed)}.")
    wanted = None if state == "all" else cast("State", state)
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.calls.letters(prompt=of_prompt, state=wanted),
        show_letters,
    )


def letter_show(
    ctx: typer.Context,
    letter: IdArgument,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show a dead letter with every attempt and its raw output."""
    from headrace.cli.views.calls import show_letter

    return run_operation(ctx, workspace, as_json, lambda opened: opened.calls.letter(letter), show_letter)


def letter_replay(
    ctx: typer.Context,
    ids: SomeIdsArgument = None,
    every: AllOption = False,
    of_prompt: OfPromptOption = None,
    model: ModelOption = None,
    prompt: PromptOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Try dead letters again, once their cause is put right.

    An output of then that is valid by the schema of now is taken as it is, and costs nothing; else the model
    is called. A letter that fails again stays open, with the new attempts. Exit code 1 when some fail still.
    """
    from headrace.cli.views.calls import show_replay

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.calls.replay(
            ids or (), all=every, of_prompt=of_prompt, model=model, prompt=prompt
        ),
        show_replay,
        code=lambda report: int(report.failing > 0),
    )


def letter_resolve(
    ctx: typer.Context, ids: IdsArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> int:
    """Close dead letters that were dealt with elsewhere. What was kept of them goes; the traces stay."""
    from headrace.cli.views.calls import show_settled

    return run_operation(ctx, workspace, as_json, lambda opened: opened.calls.resolve(ids), show_settled)


def letter_discard(
    ctx: typer.Context, ids: IdsArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> int:
    """Close dead letters that nobody needs. What was kept of them goes; the traces stay."""
    from headrace.cli.views.calls import show_settled

    return run_operation(ctx, workspace, as_json, lambda opened: opened.calls.discard(ids), show_settled)


LETTERS: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", letter_list, "headrace dead-letter list --of-prompt invoice"),
    ("show", letter_show, "headrace dead-letter show letter_uwqlvkdzw5d2z6xt3ognezrbkf"),
    ("replay", letter_replay, "headrace dead-letter replay --all"),
    ("resolve", letter_resolve, "headrace dead-letter resolve letter_uwqlvkdzw5d2z6xt3ognezrbkf"),
    ("discard", letter_discard, "headrace dead-letter discard letter_uwqlvkdzw5d2z6xt3ognezrbkf"),
)
