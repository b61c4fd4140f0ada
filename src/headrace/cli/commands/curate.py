"""`headrace curate …`: traces become draft cases and training rows; people decide about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

ItemsArgument = Annotated[list[str], typer.Argument(metavar="ITEM...", help="Ids, as `curate list` shows.")]
ItemArgument = Annotated[str, typer.Argument(metavar="ITEM", help="Its id, as `curate list` shows.")]
NoteOption = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; it is kept.")]
KindOption = Annotated[
    str | None, typer.Option("--kind", "-k", metavar="KIND", help="Only case, row or pair.")
]
IntoOption = Annotated[
    str | None, typer.Option("--into", metavar="NAME", help="Only for this golden set or dataset.")
]


def curate_run(
    ctx: typer.Context,
    again: Annotated[
        bool, typer.Option("--again", help="Look at the whole window anew, as after a change of rules.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Look at traces that are new or have news, and draft cases and training rows by the rules.

    Of each period that is over, a random sample is drafted as well. Twice adds nothing; a run that was killed
    is finished by the next one. Run it every hour or every night.
    """
    from headrace.cli.views.curation import show_run

    return run_operation(ctx, workspace, as_json, lambda opened: opened.curation.run(again=again), show_run)


def curate_list(
    ctx: typer.Context,
    state: Annotated[
        list[str] | None,
        typer.Option("--state", "-s", metavar="STATE", help="Such as new or accepted; may be given again."),
    ] = None,
    kind: KindOption = None,
    into: IntoOption = None,
    rule: Annotated[
        str | None, typer.Option("--rule", "-r", metavar="NAME", help="Only what this rule drafted.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List drafts, oldest first: those that wait, unless --state says otherwise."""
    from headrace.cli.views.curation import show_items

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.curation.list(
            states=state or ("new", "skipped"), kind=kind, into=into, rule=rule, limit=limit
        ),
        show_items,
    )


def curate_show(
    ctx: typer.Context, item: ItemArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> int:
    """Show one draft: what would be kept, and the traces behind it."""
    from headrace.cli.views.curation import show_detail

    return run_operation(ctx, workspace, as_json, lambda opened: opened.curation.show(item), show_detail)


def curate_accept(
    ctx: typer.Context,
    items: ItemsArgument,
    expected: Annotated[
        str | None,
        typer.Option("--expected", metavar="TEXT", help="What the answer should be instead."),
    ] = None,
    note: NoteOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Take drafts into their golden set or dataset, all of them or none."""
    from headrace.cli.views.curation import show_decided

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.curation.accept(*items, expected=expected, note=note),
        show_decided,
    )


def curate_reject(
    ctx: typer.Context,
    items: ItemsArgument,
    note: NoteOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Keep drafts out for good; the same text is not drafted again."""
    from headrace.cli.views.curation import show_decided

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.curation.reject(*items, note=note), show_decided
    )


def curate_merge(
    ctx: typer.Context,
    items: ItemsArgument,
    into: Annotated[str, typer.Option("--into", metavar="ITEM", help="The draft that stands for them.")],
    note: NoteOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say that another draft stands for these."""
    from headrace.cli.views.curation import show_decided

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.curation.merge(*items, into=into, note=note),
        show_decided,
    )


def curate_skip(
    ctx: typer.Context,
    items: ItemsArgument,
    note: NoteOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Leave drafts for later: they come after the new ones."""
    from headrace.cli.views.curation import show_decided

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.curation.skip(*items, note=note), show_decided
    )


def curate_assign(
    ctx: typer.Context,
    items: ItemsArgument,
    owner: Annotated[str, typer.Option("--owner", "-o", metavar="NAME", help="A person or a team.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say who looks after drafts."""
    from headrace.cli.views.curation import show_decided

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.curation.assign(*items, owner=owner), show_decided
    )


CURATING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("run", curate_run, "headrace curate run"),
    ("list", curate_list, "headrace curate list --kind case --state new"),
    ("show", curate_show, "headrace curate show draft_3gakmtfnq7jcfjmheqor3sykjb"),
    (
        "accept",
        curate_accept,
        'headrace curate accept draft_3gakmtfnq7jcfjmheqor3sykjb --expected "Ninety days."',
    ),
    ("reject", curate_reject, 'headrace curate reject draft_3gakmtfnq7jcfjmheqor3sykjb --note "off topic"'),
    (
        "merge",
        curate_merge,
        "headrace curate merge draft_3gakmtfnq7jcfjmheqor3sykjb --into draft_6zepyoq5kwgv7agivhvql5ritc",
    ),
    ("skip", curate_skip, "headrace curate skip draft_3gakmtfnq7jcfjmheqor3sykjb"),
    ("assign", curate_assign, "headrace curate assign draft_3gakmtfnq7jcfjmheqor3sykjb --owner support"),
)
