"""`headrace trace …`: find, see and export what was asked and answered, hot and cold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from headrace.cli.operation import run_each, run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

TraceArgument = Annotated[str, typer.Argument(metavar="TRACE", help="Trace id, as `ask` prints it.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Ended then or later: 2026-03-01, or 2h.")
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Ended before.")]
ModelOption = Annotated[str | None, typer.Option("--model", "-m", metavar="NAME", help="Only of this model.")]
PromptOption = Annotated[
    str | None,
    typer.Option("--prompt", "-p", metavar="NAME", help="Only with this prompt, or this digest of one."),
]
ReleaseOption = Annotated[
    str | None, typer.Option("--release", metavar="DIGEST", help="Only of this release.")
]
UserOption = Annotated[
    str | None, typer.Option("--user", "-u", metavar="NAME", help="Only of this user; compared as a hash.")
]
SessionOption = Annotated[str | None, typer.Option("--session", metavar="ID", help="Only of this session.")]
ServiceOption = Annotated[
    str | None, typer.Option("--service", metavar="NAME", help="Only from this sender.")
]
KindOption = Annotated[
    str | None, typer.Option("--kind", "-k", metavar="KIND", help="Only with such a span: ask, call, tool …")
]
StatusOption = Annotated[
    str | None, typer.Option("--status", metavar="STATUS", help="Only with such a span: ok or error.")
]
SlowerOption = Annotated[
    str | None, typer.Option("--slower", metavar="TIME", help="Only with a span of so long: 800ms, 2s.")
]
DearerOption = Annotated[
    float | None,
    typer.Option("--dearer", metavar="COST", help="Only with a span of so much, in its currency."),
]
LimitOption = Annotated[
    int, typer.Option("--limit", "-n", min=1, max=1000, metavar="N", help="How many at most.")
]
AfterOption = Annotated[
    str | None, typer.Option("--after", metavar="PLACE", help="Go on where the page before ended.")
]
PurposeOption = Annotated[
    str | None,
    typer.Option("--for", metavar="PURPOSE", help="Only of users who permit eval, or training."),
]


def trace_list(
    ctx: typer.Context,
    bad: Annotated[bool, typer.Option("--bad", help="Only where users were probably unhappy.")] = False,
    at_least: Annotated[
        float, typer.Option("--at-least", min=0, max=1, metavar="P", help="What --bad means: P(bad).")
    ] = 0.5,
    since: SinceOption = None,
    until: UntilOption = None,
    model: ModelOption = None,
    prompt: PromptOption = None,
    release: ReleaseOption = None,
    user: UserOption = None,
    session: SessionOption = None,
    service: ServiceOption = None,
    kind: KindOption = None,
    status: StatusOption = None,
    slower: SlowerOption = None,
    dearer: DearerOption = None,
    limit: LimitOption = 20,
    after: AfterOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List traces, newest first: those with a span that meets every condition.

    With --bad the newest answers that users were probably unhappy with, and what says so.
    """
    from headrace.cli.views.traces import show_list

    asked = _conditions(
        since=since,
        until=until,
        model=model,
        prompt=prompt,
        release=release,
        user=user,
        session=session,
        service=service,
        kind=kind,
        status=status,
        slower=slower,
        dearer=dearer,
    )
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.traces.list(
            bad=bad, at_least=at_least, limit=limit, after=after, questions=True, **asked
        ),
        show_list,
    )


def trace_search(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What stands in it; capitals do not count.")],
    since: SinceOption = None,
    until: UntilOption = None,
    model: ModelOption = None,
    prompt: PromptOption = None,
    user: UserOption = None,
    session: SessionOption = None,
    service: ServiceOption = None,
    kind: KindOption = None,
    status: StatusOption = None,
    limit: LimitOption = 20,
    after: AfterOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Find traces by a text in what was asked, read or answered, newest first."""
    from headrace.cli.views.traces import show_list

    asked = _conditions(
        since=since,
        until=until,
        model=model,
        prompt=prompt,
        user=user,
        session=session,
        service=service,
        kind=kind,
        status=status,
    )
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.traces.search(text, limit=limit, after=after, **asked),
        show_list,
    )


def trace_show(
    ctx: typer.Context,
    trace: TraceArgument,
    whole: Annotated[
        bool, typer.Option("--all", help="Every span of a large trace, and whole texts.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Draw a trace: its spans with times, tokens and cost, the chunks they read, attempts, signals."""
    from headrace.cli.views.traces import show_trace

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.traces.show(trace, whole=whole),
        lambda console, report: show_trace(console, report, whole=whole),
    )


def trace_tail(
    ctx: typer.Context,
    kind: KindOption = None,
    model: ModelOption = None,
    service: ServiceOption = None,
    user: UserOption = None,
    status: StatusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Print traces as they end, until Ctrl-C; with --json one JSON document on each line."""
    from headrace.cli.views.traces import show_line

    asked = _conditions(kind=kind, model=model, service=service, user=user, status=status)
    return run_each(ctx, workspace, as_json, lambda opened: opened.traces.tail(**asked), show_line)


def trace_stats(
    ctx: typer.Context,
    since: SinceOption = None,
    until: UntilOption = None,
    service: ServiceOption = None,
    kind: KindOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Count what is kept, hot and cold: spans, traces, errors, tokens, cost."""
    from headrace.cli.views.traces import show_stats

    asked = _conditions(since=since, until=until, service=service, kind=kind)
    return run_operation(ctx, workspace, as_json, lambda opened: opened.traces.stats(**asked), show_stats)


def trace_export(
    ctx: typer.Context,
    out: Annotated[str, typer.Argument(metavar="FILE", help="A .jsonl or .parquet file to write.")],
    purpose: PurposeOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    model: ModelOption = None,
    prompt: PromptOption = None,
    user: UserOption = None,
    session: SessionOption = None,
    service: ServiceOption = None,
    kind: KindOption = None,
    status: StatusOption = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, metavar="N", help="Traces at most; all without.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Write whole traces to a file, one span in each row; with --for those that may serve a purpose."""
    from headrace.cli.views.traces import show_export

    asked = _conditions(
        since=since,
        until=until,
        model=model,
        prompt=prompt,
        user=user,
        session=session,
        service=service,
        kind=kind,
        status=status,
    )
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.traces.export(out, purpose=purpose, limit=limit, **asked),
        show_export,
    )


def trace_replay(
    ctx: typer.Context,
    traces: Annotated[
        list[str] | None, typer.Argument(metavar="[TRACE]...", help="Which; without any the newest.")
    ] = None,
    prompt: Annotated[
        str | None,
        typer.Option(
            "--prompt",
            "-p",
            metavar="NAME[@VERSION]",
            help="Answer with this prompt; calls give it their variables.",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", metavar="NAME", help="Ask this model.")
    ] = None,
    generation: Annotated[
        str | None,
        typer.Option("--generation", "-g", metavar="CORPUS/N", help="Read this generation of the index."),
    ] = None,
    release: Annotated[
        str | None,
        typer.Option(
            "--release", metavar="DIGEST", help="Index, prompts and models as this release has them."
        ),
    ] = None,
    since: SinceOption = None,
    kind: KindOption = None,
    user: UserOption = None,
    status: StatusOption = None,
    limit: LimitOption = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Ask again what traces asked, with another prompt, model or index, or at a release.

    Shows what differs. Nothing is recorded, no cache is filled, no tool is run. Exit code 1 when one could
    not be asked again.
    """
    from headrace.cli.views.replays import show_replay

    asked = _conditions(since=since, kind=kind, user=user, status=status)
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.traces.replay(
            traces or (),
            prompt=prompt,
            model=model,
            generation=generation,
            at_release=release,
            limit=limit,
            **asked,
        ),
        show_replay,
        code=lambda report: int(report.failed > 0),
    )


def _conditions(**given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


TRACES: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", trace_list, "headrace trace list --bad --since 7d"),
    ("show", trace_show, "headrace trace show 4bf92f3577b34da6a3ce929d0e0e4736"),
    ("search", trace_search, 'headrace trace search "refund" --status error'),
    ("tail", trace_tail, "headrace trace tail --kind ask"),
    ("stats", trace_stats, "headrace trace stats --since 30d --json"),
    ("replay", trace_replay, "headrace trace replay --prompt answer@staging --since 1d"),
    ("export", trace_export, "headrace trace export traces.parquet --for training"),
)
