"""`headrace index verify`, `prune` and `optimize`: the care of generations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.commands.index import run_index
from headrace.cli.options import JsonOption, OneCorpusOption, WorkspaceOption

ServingArgument = Annotated[
    str | None, typer.Argument(metavar="[GEN]", help="Without it: the one that serves.")
]


def index_verify(
    ctx: typer.Context,
    generation: ServingArgument = None,
    corpus: OneCorpusOption = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Rewrite what is wrong, and nothing else.")
    ] = False,
    sources: Annotated[
        bool, typer.Option("--sources/--no-sources", help="Whether to list the sources as well.")
    ] = True,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Recount a generation against the ledger and the sources.

    Every chunk is looked at: whether its document is known, its revision and text hash right, its vector of
    the right dimension and of unit length. Exit code 1 when something is wrong, after a repair: still wrong.
    """
    from headrace.cli.views.care import show_verify

    return run_index(
        ctx,
        workspace,
        as_json,
        lambda index: index.verify(generation, corpus=corpus, repair=repair, sources=sources),
        show_verify,
        code=lambda report: 0 if report.ok else 1,
    )


def index_prune(
    ctx: typer.Context,
    generation: Annotated[
        str | None,
        typer.Option("--generation", "-g", metavar="GEN", help="This one, though it never served."),
    ] = None,
    corpus: OneCorpusOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Remove files and rows of retired generations that are out of their time.

    Never of one that serves or that a rollback may go back to. Embeddings stay in their store.
    """
    from headrace.cli.views.care import show_prune

    return run_index(
        ctx,
        workspace,
        as_json,
        lambda index: index.prune(generation, corpus=corpus, dry_run=dry_run),
        show_prune,
    )


def index_optimize(
    ctx: typer.Context,
    generation: ServingArgument = None,
    corpus: OneCorpusOption = None,
    keep: Annotated[
        str, typer.Option("--keep", metavar="TIME", help="How old a version must be to go, such as 30m.")
    ] = "1h",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Merge the fragments of a generation, complete its indices, and remove old versions.

    Syncs do most of it as they go. Searches go on meanwhile; tagged versions stay.
    """
    from headrace.cli.views.care import show_optimize
    from headrace.config.durations import parse_duration
    from headrace.errors import UsageError

    try:
        older = parse_duration(keep)
    except ValueError as error:
        raise UsageError(f"--keep: {error}.", hint="--keep 1h") from error
    return run_index(
        ctx,
        workspace,
        as_json,
        lambda index: index.optimize(generation, corpus=corpus, keep_versions=older),
        show_optimize,
    )


CARE: Sequence[tuple[str, Callable[..., int], str]] = (
    ("verify", index_verify, "headrace index verify --repair"),
    ("prune", index_prune, "headrace index prune --dry-run"),
    ("optimize", index_optimize, "headrace index optimize --keep 30m"),
)
