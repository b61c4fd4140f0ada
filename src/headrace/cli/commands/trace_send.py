"""`headrace trace send` and `receiving`: spans to a collector, and how receiving stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

UrlArgument = Annotated[
    str | None,
    typer.Argument(metavar="[URL]", help="Of an OTLP collector; without it that of [traces] export."),
]
TraceOption = Annotated[str | None, typer.Option("--trace", metavar="TRACE", help="Only this trace.")]
KindOption = Annotated[
    str | None, typer.Option("--kind", metavar="KIND", help="Only spans of this kind, such as call.")
]
HoursOption = Annotated[
    float | None, typer.Option("--hours", metavar="N", help="Only spans that ended in the last hours.")
]
LimitOption = Annotated[int | None, typer.Option("--limit", metavar="N", help="So many spans at most.")]


def trace_send(
    ctx: typer.Context,
    url: UrlArgument = None,
    trace: TraceOption = None,
    kind: KindOption = None,
    hours: HoursOption = None,
    limit: LimitOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Send spans to an OTLP collector, those that came as OTLP as they came.

    Headers such as keys come from [traces.export_headers]. Exit code 1 when the collector refused some.
    """
    from headrace.cli.views.receiving import show_sent

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.receiving.send(url, trace=trace, kind=kind, hours=hours, limit=limit),
        show_sent,
        code=lambda report: int(report.refused > 0),
    )


def trace_receiving(
    ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> int:
    """Say how receiving stands: what waits for the store, and what could not be kept."""
    from headrace.cli.views.receiving import show_status

    return run_operation(ctx, workspace, as_json, lambda opened: opened.receiving.status(), show_status)


SENDING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("receiving", trace_receiving, "headrace trace receiving"),
    ("send", trace_send, "headrace trace send http://127.0.0.1:4318 --hours 24"),
)
