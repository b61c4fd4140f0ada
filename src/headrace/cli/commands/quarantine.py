"""`headrace gate quarantine …`: what gates keep out, and the decisions about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.commands.gate import GateOption
from headrace.cli.operation import run_operation
from headrace.cli.options import CorpusOption, JsonOption, WorkspaceOption

ItemArgument = Annotated[
    str, typer.Argument(metavar="ITEM", help="Its id, its URI, or CORPUS/URI where several have it.")
]
ItemsArgument = Annotated[
    list[str], typer.Argument(metavar="ITEM...", help="Ids, URIs, or CORPUS/URI where several have it.")
]
AllItemsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[ITEM...]", help="Ids or URIs. Without any: all that wait.")
]
StateOption = Annotated[
    str,
    typer.Option(
        "--state", metavar="STATE", help="Those waiting, dropped, released, rejected, or all of them."
    ),
]
ReasonOption = Annotated[str, typer.Option("--reason", "-r", metavar="TEXT", help="Why; it goes on record.")]


def quarantine_list(
    ctx: typer.Context,
    corpus: CorpusOption = None,
    gate: GateOption = None,
    state: StateOption = "waiting",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List what gates keep out, with the reason and since when."""
    from headrace.cli.views.quarantine import show_quarantine

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.gates.quarantine.list(corpus=corpus, gate=gate, state=state),
        show_quarantine,
    )


def quarantine_show(
    ctx: typer.Context,
    item: ItemArgument,
    corpus: CorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show one item: every verdict, and the text around the evidence.

    The text is read again from the source. Personal data and secrets in it are not shown.
    """
    from headrace.cli.views.quarantine import show_item

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.gates.quarantine.show(item, corpus=corpus),
        show_item,
    )


def quarantine_release(
    ctx: typer.Context,
    items: ItemsArgument,
    reason: ReasonOption = "",
    corpus: CorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Let items in against their gates, and sync, so that they can be found at once.

    The decision is about this revision and these gates: another one is judged anew.
    """
    from headrace.cli.views.quarantine import decision_code, show_decision

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.gates.quarantine.release(items, reason=reason, corpus=corpus),
        show_decision,
        code=decision_code,
    )


def quarantine_reject(
    ctx: typer.Context,
    items: ItemsArgument,
    reason: ReasonOption = "",
    corpus: CorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Keep items out for good: this revision stays out whatever its gates say, and status is quiet about it.

    One that was released before is withdrawn.
    """
    from headrace.cli.views.quarantine import decision_code, show_decision

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.gates.quarantine.reject(items, reason=reason, corpus=corpus),
        show_decision,
        code=decision_code,
    )


def quarantine_replay(
    ctx: typer.Context,
    items: AllItemsArgument = None,
    corpus: CorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Read items again and let their gates judge them anew, as after a gate that failed itself works again.

    After a change of headrace.toml see `headrace gate replay`.
    """
    from headrace.cli.views.quarantine import decision_code, show_decision

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.gates.quarantine.replay(items or (), corpus=corpus),
        show_decision,
        code=decision_code,
    )


QUARANTINE: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", quarantine_list, "headrace gate quarantine list --gate secrets"),
    ("show", quarantine_show, "headrace gate quarantine show docs/guide.md"),
    ("release", quarantine_release, 'headrace gate quarantine release docs/guide.md --reason "test key"'),
    ("reject", quarantine_reject, 'headrace gate quarantine reject docs/spam.md --reason "spam"'),
    ("replay", quarantine_replay, "headrace gate quarantine replay"),
)
