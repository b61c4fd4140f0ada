"""`headrace index build`, `compare`, `cutover` and `rollback`: from one generation to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Annotated, Any

import typer

from headrace.cli.commands.index import run_index
from headrace.cli.options import JsonOption, OneCorpusOption, WorkspaceOption
from headrace.errors import UsageError

ForceOption = Annotated[bool, typer.Option("--force", help="Go on all the same; needs --reason.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it goes on record.")]


def index_build(
    ctx: typer.Context,
    recipe: Annotated[
        list[str] | None,
        typer.Option(
            "--recipe", "-r", metavar="KEY=VALUE", help="A key of the recipe, given otherwise; repeatable."
        ),
    ] = None,
    corpus: OneCorpusOption = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Another generation of a recipe that serves already.")
    ] = False,
    throttle: Annotated[
        float | None, typer.Option("--throttle", metavar="N", help="At most N documents a second.", min=0.01)
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Build a generation beside the one that serves, from every document of the sources.

    Syncs run in between, and from now on write it too. A build that ended early goes on when it is called
    again. What serves stays as it is until a cutover. Exit code 1 when it does not hold what serves yet.
    """
    from headrace.cli.views.progress import sync_progress
    from headrace.cli.views.switching import show_build

    given = _pairs(recipe or [])

    def build(index: Any) -> Any:
        with nullcontext() if as_json else sync_progress() as listener:
            return index.build(corpus, recipe=given, fresh=fresh, throttle=throttle, progress=listener)

    code = lambda report: 0 if report.state == "validating" else 1  # noqa: E731
    return run_index(ctx, workspace, as_json, build, show_build, code=code)


def index_compare(
    ctx: typer.Context,
    a: Annotated[str, typer.Argument(metavar="A", help="The generation that serves, or stands for it.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The one that may replace it.")],
    k: Annotated[
        int, typer.Option("-k", metavar="N", help="Documents of each ranking to look at.", min=1, max=100)
    ] = 10,
    queries: Annotated[
        int, typer.Option("--queries", metavar="N", help="Recent queries to ask at most.", min=0, max=500)
    ] = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Compare two generations on the same queries, and say whether the second may replace the first.

    Recent queries come from the call log, questions with known answers from the golden set. Exit code 1 when
    the second fails, 3 when there is too little to tell.
    """
    from headrace.cli.views.switching import show_compare

    codes = {"pass": 0, "fail": 1, "inconclusive": 3}
    return run_index(
        ctx,
        workspace,
        as_json,
        lambda index: index.compare(a, b, k=k, queries=queries),
        show_compare,
        code=lambda report: codes[report.verdict],
    )


def index_cutover(
    ctx: typer.Context,
    generation: Annotated[
        str | None, typer.Argument(metavar="[GEN]", help="Without it: the one that is validating.")
    ] = None,
    corpus: OneCorpusOption = None,
    force: ForceOption = False,
    reason: ReasonOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Let a generation serve, if it compares well with the one that does.

    Running servers see it with their next request. The former one is kept in step, so a rollback is not
    stale. Exit code 3 when the comparison does not pass.
    """
    from headrace.cli.views.switching import show_switch

    def cutover(index: Any) -> Any:
        return index.cutover(generation, corpus=corpus, force=force, reason=reason)

    return run_index(ctx, workspace, as_json, cutover, show_switch)


def index_rollback(
    ctx: typer.Context,
    corpus: OneCorpusOption = None,
    force: ForceOption = False,
    reason: ReasonOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Let the generation serve again that did before; a second rollback goes forward again.

    Exit code 3 when it was not kept in step.
    """
    from headrace.cli.views.switching import show_switch

    def rollback(index: Any) -> Any:
        return index.rollback(corpus, force=force, reason=reason)

    return run_index(ctx, workspace, as_json, rollback, show_switch)


def _pairs(given: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise UsageError(f"--recipe {text!r} is not KEY=VALUE.", hint="--recipe chunk_tokens=128")
        pairs[key.strip()] = value.strip()
    return pairs


SWITCHING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("build", index_build, "headrace index build --recipe embedder=hash --recipe chunk_tokens=128"),
    ("compare", index_compare, "headrace index compare handbook/1 handbook/2"),
    ("cutover", index_cutover, "headrace index cutover handbook/2"),
    ("rollback", index_rollback, 'headrace index rollback --reason "answers got worse"'),
)
