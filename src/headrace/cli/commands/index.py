"""`headrace index …`: what generations there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import CorpusOption, JsonOption, OneCorpusOption, WorkspaceOption

GenerationArgument = Annotated[
    str, typer.Argument(metavar="GEN", help="Its id, the start of it, or corpus/ordinal such as docs/2.")
]

ProbesOption = Annotated[
    int, typer.Option("--probes", "-n", metavar="N", min=1, max=1000, help="Queries at most.")
]
HistoryOption = Annotated[bool, typer.Option("--history", help="Show earlier rounds, and make none.")]


def index_list(
    ctx: typer.Context,
    corpus: OneCorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List every generation: its state, what it holds, which one serves.

    A generation is one physical index of a corpus. Syncs write every one that is not retired, and a retired
    one for as long as `[index] keep_retired` says.
    """
    from headrace.cli.views.generations import show_list

    return run_index(ctx, workspace, as_json, lambda index: index.list(corpus), show_list)


def index_show(
    ctx: typer.Context,
    generation: GenerationArgument,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show one generation: its recipe, what it took, and each state with who, when and why."""
    from headrace.cli.views.generations import show_detail

    return run_index(ctx, workspace, as_json, lambda index: index.show(generation), show_detail)


def index_probe(
    ctx: typer.Context,
    corpus: CorpusOption = None,
    probes: ProbesOption = 20,
    history: HistoryOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Ask for what the documents say: do titles and telling sentences find their document?

    A sync that changes something does this by itself where the embedder costs nothing, and warns when fewer
    than `probe_floor` of them are among the first ten hits. Calls are not recorded.

    Exit code 1 when a round is below the floor.
    """
    from headrace.cli.views.probing import show_probes

    def code(report: Any) -> int:
        return int(not history and any(item.recall < item.floor for item in report.rounds))

    return run_index(
        ctx,
        workspace,
        as_json,
        lambda index: index.probe(corpus, probes=probes, history=history),
        show_probes,
        code=code,
    )


def run_index(
    ctx: typer.Context,
    workspace: Any,
    as_json: bool,
    operation: Callable[[Any], Any],
    show: Callable[[Any, Any], None],
    *,
    code: Callable[[Any], int] = lambda _: 0,
) -> int:
    """Call one operation of the index and print what it gave back."""
    return run_operation(ctx, workspace, as_json, lambda opened: operation(opened.index), show, code)


LISTING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", index_list, "headrace index list --corpus handbook"),
    ("show", index_show, "headrace index show handbook/1"),
    ("probe", index_probe, "headrace index probe --history"),
)
