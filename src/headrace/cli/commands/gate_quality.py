"""`headrace gate quality` and `headrace gate rot`: the worst documents, and those that did badly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import CorpusOption, JsonOption, WorkspaceOption

LimitOption = Annotated[
    int, typer.Option("--limit", "-n", min=1, max=100_000, metavar="N", help="How many documents.")
]
MinimumOption = Annotated[
    int, typer.Option("--minimum", min=1, metavar="N", help="Leave out documents that fewer calls met.")
]


def gate_quality(
    ctx: typer.Context,
    corpus: CorpusOption = None,
    limit: LimitOption = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List the documents of lowest quality, each with the part that costs it most.

    The score is 0 to 1: how the text reads, what of it others have, its age and its standing. It counts in
    the ranking as far as [corpus.NAME.quality] says.
    """
    from headrace.cli.views.quality import show_quality

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.quality.list(corpus, limit=limit), show_quality
    )


def gate_rot(
    ctx: typer.Context,
    corpus: CorpusOption = None,
    limit: LimitOption = 20,
    minimum: MinimumOption = 5,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List documents that were found often and did badly: fix these first.

    Badly: the answer was refused, cited others, or the document was superseded, far behind or poor. Counted
    are the last 20,000 searches and answers; the rate is one that is sure at 95 %.
    """
    from headrace.cli.views.quality import show_rot

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.quality.rot(corpus, limit=limit, minimum_exposures=minimum),
        show_rot,
    )


QUALITY: Sequence[tuple[str, Callable[..., int], str]] = (
    ("quality", gate_quality, "headrace gate quality --limit 10"),
    ("rot", gate_rot, "headrace gate rot --corpus handbook --json"),
)
