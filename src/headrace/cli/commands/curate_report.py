"""`headrace curate report`, `coverage`, `gaps` and `history`: what goes wrong, and what no case covers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

if TYPE_CHECKING:
    from headrace.records.curation import CurationReport

LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many.")]


def curate_report(
    ctx: typer.Context,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write it as one HTML page, too.")
    ] = None,
    limit: LimitOption = 10,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show failures that are alike, what may cause them, and how soon anybody looks at them.

    Open drafts count as taking longer than they have waited so far (Kaplan and Meier).
    """
    from headrace.cli.views.curation import show_report, write_page

    def done(report: CurationReport) -> int:
        if html is not None:
            write_page(html, report)
        return 0

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.curation.report(limit=limit), show_report, code=done
    )


def curate_coverage(
    ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> int:
    """Find the topics of what users asked, and say how much of the traffic has cases.

    The run is kept; topics keep their number from run to run.
    """
    from headrace.cli.views.coverage import show_coverage

    return run_operation(ctx, workspace, as_json, lambda opened: opened.coverage.measure(), show_coverage)


def curate_gaps(
    ctx: typer.Context,
    limit: LimitOption = 10,
    fewest: Annotated[
        int, typer.Option("--fewest", min=1, metavar="N", help="Questions that a topic must have.")
    ] = 3,
    draft: Annotated[
        int, typer.Option("--draft", min=0, max=20, metavar="N", help="Draft so many cases of each.")
    ] = 0,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List the topics without cases, those that hurt most first: share of the traffic times fail rate.

    They are those of the newest `curate coverage`.
    """
    from headrace.cli.views.coverage import show_gaps

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.coverage.gaps(limit=limit, fewest=fewest, draft=draft),
        show_gaps,
    )


def curate_history(
    ctx: typer.Context,
    limit: LimitOption = 10,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show how coverage and the shares of topics went from run to run."""
    from headrace.cli.views.coverage import show_history

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.coverage.history(limit=limit), show_history
    )


REPORTING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("report", curate_report, "headrace curate report --html patterns.html"),
    ("coverage", curate_coverage, "headrace curate coverage"),
    ("gaps", curate_gaps, "headrace curate gaps --draft 2"),
    ("history", curate_history, "headrace curate history"),
)
