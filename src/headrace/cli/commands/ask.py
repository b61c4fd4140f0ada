"""`headrace ask`: answer a question with citations."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace.cli.options import (
    AccessOption,
    AsOfOption,
    EntityOption,
    FilterOption,
    JsonOption,
    OneCorpusOption,
    SessionOption,
    UserOption,
    WorkspaceOption,
    workspace_folder,
)


def ask(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="A question in your own words.")],
    k: Annotated[
        int | None, typer.Option("-k", min=1, max=200, metavar="N", help="Chunks to give to the model.")
    ] = None,
    filter_: FilterOption = None,
    access: AccessOption = None,
    corpus: OneCorpusOption = None,
    as_of: AsOfOption = None,
    session: SessionOption = None,
    user: UserOption = None,
    entity: EntityOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Answer a question, with citations.

    Every citation is a verbatim quote from a document and says where it stands. In a session a question may
    lean on those before it.
    """
    from headrace.cli.variables import read_pairs
    from headrace.workspace import Workspace

    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        labels = tuple(access or ())
        answer = opened.ask(
            question,
            k=k,
            filter=filter_,
            access=labels,
            corpus=corpus,
            as_of=as_of,
            session=session,
            user=user,
            entity=read_pairs(entity or (), option="--entity"),
        )
    if as_json:
        from headrace.cli.output import write_json

        write_json(answer)
        return 0
    from headrace.cli.views.answer import show_answer
    from headrace.cli.views.console import output_console

    show_answer(output_console(), answer)
    return 0
