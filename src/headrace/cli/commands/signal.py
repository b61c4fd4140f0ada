"""`headrace signal …`: what users said of answers and did with them, and what it says together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

TraceArgument = Annotated[str, typer.Argument(metavar="TRACE", help="Trace id, as `ask` prints it.")]
UserOption = Annotated[
    str | None,
    typer.Option("--user", "-u", metavar="NAME", help="Who gave it; only a keyed hash is kept."),
]
TraceOption = Annotated[
    str | None, typer.Option("--trace", "-t", metavar="TRACE", help="Only of this trace.")
]


def signal_add(
    ctx: typer.Context,
    trace: TraceArgument,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Such as thumbs, rating, correction.")],
    value: Annotated[
        str | None, typer.Option("--value", metavar="VALUE", help="Such as down, 4, or a better text.")
    ] = None,
    user: UserOption = None,
    comment: Annotated[
        str | None, typer.Option("--comment", metavar="TEXT", help="What the user said about it.")
    ] = None,
    span: Annotated[str | None, typer.Option("--span", metavar="SPAN", help="The span it is about.")] = None,
    name: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Of your own; the same one is kept once.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Keep what a user said of an answer or did with it.

    Explicit: thumbs, rating, correction, edited_text, escalation, report. Implicit: retry, rephrase,
    abandonment, copy, regenerate, citation_click, dwell, follow_up, code_applied. The trace may arrive later.
    Personal data in texts is redacted before it is written.
    """
    from headrace.cli.views.signals import show_added

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.signals.add(trace, kind, value, user=user, comment=comment, span=span, id=name),
        show_added,
    )


def signal_list(
    ctx: typer.Context,
    trace: TraceOption = None,
    kind: Annotated[
        str | None, typer.Option("--kind", "-k", metavar="KIND", help="Only of this kind.")
    ] = None,
    user: UserOption = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Only from then on: 2026-03-01, or '2h ago'."),
    ] = None,
    purpose: Annotated[
        str | None,
        typer.Option("--for", metavar="PURPOSE", help="Only of users who permit eval, or training."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List signals, newest first."""
    from headrace.cli.views.signals import show_signals
    from headrace.flows.asof import time_us
    from headrace.observe.traces.consenting import checked_purpose

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.signals.list(
            trace=trace,
            kind=kind,
            user=user,
            since_us=time_us(since) if since else 0,
            limit=limit,
            purpose=None if purpose is None else checked_purpose(purpose),
        ),
        show_signals,
    )


def signal_infer(
    ctx: typer.Context,
    hours: Annotated[int, typer.Option("--hours", min=1, metavar="N", help="How far back to look.")] = 24,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Find retries, rephrases, follow-ups and abandonments in the questions of each session.

    Doing it twice is the same as once: run it every hour or every night.
    """
    from headrace.cli.views.signals import show_inferred

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.signals.infer(hours=hours), show_inferred
    )


def signal_bad(
    ctx: typer.Context,
    trace: TraceArgument,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say how probable it is that an answer was bad, and what speaks for it."""
    from headrace.cli.views.signals import show_verdict

    return run_operation(ctx, workspace, as_json, lambda opened: opened.signals.bad(trace), show_verdict)


def signal_model(ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """Show how much each kind of signal tells, and whether audits stand behind that."""
    from headrace.cli.views.signals import show_model

    return run_operation(ctx, workspace, as_json, lambda opened: opened.signals.model(), show_model)


def signal_erase(
    ctx: typer.Context,
    trace: TraceOption = None,
    user: UserOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Delete every signal of a trace, or every one that a user gave, bytes included.

    Signals about a document lose their texts with `headrace forget`.
    """
    from headrace.cli.views.signals import show_erased

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.signals.erase(trace=trace, user=user), show_erased
    )


SIGNALS: Sequence[tuple[str, Callable[..., int], str]] = (
    ("add", signal_add, "headrace signal add 4bf92f3577b34da6a3ce929d0e0e4736 thumbs --value down"),
    ("list", signal_list, "headrace signal list --kind thumbs --since '7d ago'"),
    ("infer", signal_infer, "headrace signal infer --hours 24"),
    ("bad", signal_bad, "headrace signal bad 4bf92f3577b34da6a3ce929d0e0e4736"),
    ("model", signal_model, "headrace signal model"),
    ("erase", signal_erase, "headrace signal erase --user eve"),
)
