"""`headrace search`: find chunks."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace.cli.options import (
    AccessOption,
    AsOfOption,
    FilterOption,
    JsonOption,
    OneCorpusOption,
    SessionOption,
    UserOption,
    WorkspaceOption,
    workspace_folder,
)


def search(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Words or a sentence.")],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, metavar="N", help="How many hits.")] = 10,
    filter_: FilterOption = None,
    access: AccessOption = None,
    corpus: OneCorpusOption = None,
    as_of: AsOfOption = None,
    session: SessionOption = None,
    user: UserOption = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the quality of each document and what lowers it.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Find the chunks that best match a query.

    Words and meaning count together. A filter compares metadata:
    year >= 2025 and lang in ('en', 'de').
    """
    from headrace.workspace import Workspace

    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        labels = tuple(access or ())
        result = opened.search(
            query,
            k=k,
            filter=filter_,
            access=labels,
            corpus=corpus,
            as_of=as_of,
            session=session,
            user=user,
        )
    if as_json:
        from headrace.cli.output import write_json

        write_json(result)
        return 0
    from headrace.cli.views.console import output_console
    from headrace.cli.views.search import show_search

    show_search(output_console(), result, explain=explain)
    return 0
