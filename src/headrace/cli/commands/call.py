"""`headrace call …`: one call, a file of calls, and how calls went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import AccessOption, EntityOption, JsonOption, SessionOption, WorkspaceOption
from headrace.cli.variables import read_pairs, read_variables

PromptArgument = Annotated[
    str, typer.Argument(metavar="PROMPT", help="NAME of prompts/NAME.md, or NAME@LABEL.")
]
VarOption = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="A variable; NAME=@FILE reads a file. Repeat it."),
]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", "-m", metavar="NAME", help="Another model than the prompt names."),
]
CalledForOption = Annotated[
    str | None,
    typer.Option(
        "--user", "-u", "--subject", metavar="NAME", help="For whom; on the call is only a keyed hash of it."
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option("--key", metavar="KEY", help="Idempotency key: within a day the same call is made once."),
]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines, one call each.")]
BatchPromptOption = Annotated[
    str | None, typer.Option("--prompt", "-p", metavar="NAME", help="The prompt of rows that name none.")
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write. Without it: FILE.out.jsonl."),
]
ConcurrencyOption = Annotated[
    int, typer.Option("--concurrency", metavar="N", min=1, max=500, help="Calls at once.")
]
PerMinuteOption = Annotated[
    float | None, typer.Option("--per-minute", metavar="N", help="Calls a minute at most.")
]
SinceOption = Annotated[str, typer.Option("--since", metavar="AGE", help="Calls no older than 90m, 24h, 7d.")]


def call_run(
    ctx: typer.Context,
    prompt: PromptArgument,
    var: VarOption = None,
    model: ModelOption = None,
    session: SessionOption = None,
    subject: CalledForOption = None,
    entity: EntityOption = None,
    access: AccessOption = None,
    key: KeyOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Call a model with a prompt and print the output.

    An output that breaks the prompt's schema is mended or asked for again, then other models are tried.
    A prompt that takes features or the history of a session is given them.
    Exit code 1 when none was valid: then the call is a dead letter, see `headrace dead-letter list`.
    """
    from headrace.cli.views.calls import show_call

    variables = read_variables(var or ())
    keys = read_pairs(entity or (), option="--entity")
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.calls.run(
            prompt,
            variables,
            model=model,
            session=session,
            subject=subject,
            entity=keys,
            access=access or (),
            idempotency_key=key,
        ),
        show_call,
        code=lambda report: int(report.dead_letter is not None),
    )


def call_batch(
    ctx: typer.Context,
    file: FileArgument,
    prompt: BatchPromptOption = None,
    model: ModelOption = None,
    output: OutputOption = None,
    concurrency: ConcurrencyOption = 8,
    per_minute: PerMinuteOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Call for each row of a file; a second run goes on.

    Several calls run at once. What an earlier run has answered is not called again, a row
    that was refused is. The output has one line for each call; where a row has several, the last one counts.

    A row is a JSON object: its keys are the variables, or it has `variables`. `key` (or `id`) names the row,
    `prompt` and `model` stand before the options. Exit code 1 when a row has no valid output.
    """
    from headrace.cli.views.calls import show_batch
    from headrace.cli.views.progress import batch_progress

    with batch_progress() as listener:
        return run_operation(
            ctx,
            workspace,
            as_json,
            lambda opened: opened.calls.batch(
                file,
                prompt=prompt,
                model=model,
                output=output,
                concurrency=concurrency,
                per_minute=per_minute,
                progress=listener,
            ),
            show_batch,
            code=lambda report: int(bool(report.dead_lettered or report.refused)),
        )


def call_stats(
    ctx: typer.Context,
    since: SinceOption = "7d",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Count outputs: valid as written, put right, failed.

    By prompt, schema and model, from the recorded calls.
    """
    from headrace.cli.views.calls import show_stats

    return run_operation(ctx, workspace, as_json, lambda opened: opened.calls.stats(since=since), show_stats)


CALLING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("run", call_run, 'headrace call run invoice --var text="Total: 12 EUR"'),
    ("batch", call_batch, "headrace call batch tickets.jsonl --prompt triage"),
    ("stats", call_stats, "headrace call stats --since 24h"),
)
