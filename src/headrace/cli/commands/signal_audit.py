"""`headrace signal audit …`: random samples of answers, judged by people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.commands.signal import TraceArgument
from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption


def audit_sample(
    ctx: typer.Context,
    n: Annotated[int, typer.Option("--n", min=1, metavar="N", help="How many to draw.")] = 50,
    days: Annotated[int, typer.Option("--days", min=1, metavar="N", help="Of how many days.")] = 30,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Draw a random sample of answers to be judged, those without any signal included.

    The probability with which each was drawn is kept: it is what makes the audits count for all answers.
    """
    from headrace.cli.views.signals import show_sample

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.signals.sample(n, days=days), show_sample
    )


def audit_set(
    ctx: typer.Context,
    trace: TraceArgument,
    verdict: Annotated[str, typer.Argument(metavar="good|bad", help="What you think of the answer.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Judge an answer."""
    from headrace.cli.views.signals import show_audit

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.signals.judge(trace, verdict), show_audit
    )


def audit_list(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List drawn and judged answers, those that wait for a verdict first."""
    from headrace.cli.views.signals import show_audits

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.signals.audits(limit=limit), show_audits
    )


AUDITS: Sequence[tuple[str, Callable[..., int], str]] = (
    ("sample", audit_sample, "headrace signal audit sample --n 50"),
    ("set", audit_set, "headrace signal audit set 4bf92f3577b34da6a3ce929d0e0e4736 bad"),
    ("list", audit_list, "headrace signal audit list"),
)
