"""`headrace embed …`: refused texts, and whether the embedder is still the one it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import CorpusOption, JsonOption, WorkspaceOption

if TYPE_CHECKING:
    from headrace.records.embedding import CheckReport, RetryReport

HistoryOption = Annotated[bool, typer.Option("--history", help="Show earlier checks, and make none.")]
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why the change is harmless; it is kept.")
]


def dead_letters(
    ctx: typer.Context,
    corpus: CorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List the texts that an embedder refuses, with the reason.

    A refused text keeps its document at its old revision, or out of the index. It is sent again by the next
    two syncs, then when its document changes or with `headrace embed retry`.
    """
    from headrace.cli.views.embedding import show_letters

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.embeddings.dead_letters(corpus), show_letters
    )


def retry(
    ctx: typer.Context,
    corpus: CorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Send refused texts again, in a sync, and publish what succeeds.

    Exit code 1 when some are refused still, 3 when the sync withheld something.
    """
    from headrace.cli.views.embedding import show_retry

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.embeddings.retry(corpus), show_retry, _retry_code
    )


def check(
    ctx: typer.Context,
    corpus: CorpusOption = None,
    history: HistoryOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Embed the sentinel texts again and compare: is the embedder still the one it was?

    A sync that embeds something does this first. Let cron do it for an index that changes rarely. A change
    stops writes with this embedder and lets its queries be answered from full text; passing lifts that.

    Exit code 1 when an embedder could not be reached, 3 when one has changed.
    """
    from headrace.cli.views.embedding import show_checks

    if history:
        return run_operation(
            ctx, workspace, as_json, lambda opened: opened.embeddings.history(corpus), show_checks
        )
    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.embeddings.check(corpus), show_checks, _check_code
    )


def accept(
    ctx: typer.Context,
    reason: ReasonOption,
    corpus: CorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Accept a harmless change of a blocked embedder, such as a new name of the same model.

    Refused where its vectors are of another space: set `revision` in its [models] table instead.
    """
    from headrace.cli.views.embedding import show_accepted

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.embeddings.accept(corpus, reason=reason), show_accepted
    )


def _retry_code(report: RetryReport) -> int:
    from headrace.cli.each_corpus import exit_code
    from headrace.cli.failure import worst

    return worst([1 if report.letters else 0, *(exit_code(run) for run in report.syncs)])


def _check_code(report: CheckReport) -> int:
    from headrace.cli.failure import worst

    codes = {"changed": 3, "unreachable": 1}
    return worst(codes.get(check.outcome, 0) for check in report.checks)


EMBEDDING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("dead-letters", dead_letters, "headrace embed dead-letters --corpus handbook"),
    ("retry", retry, "headrace embed retry --corpus handbook"),
    ("check", check, "headrace embed check --history"),
    ("accept", accept, 'headrace embed accept --reason "the provider renamed the model"'),
)
