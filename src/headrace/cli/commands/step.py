"""`headrace step …`: what a model writes of documents, what failed, and how well it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import CorpusOption, JsonOption, OneCorpusOption, WorkspaceOption

StepArgument = Annotated[str, typer.Argument(metavar="STEP", help="The name of a step.")]
OneStepOption = Annotated[
    str | None, typer.Option("--step", "-s", metavar="STEP", help="Only this step. Without it: all.")
]
FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="A file of any format that a sync reads.")]
SampleOption = Annotated[
    str,
    typer.Option(
        "--sample", metavar="FILE", help='JSON lines: {"document": URI, "expected": {"field": value}}.'
    ),
]


def step_list(
    ctx: typer.Context,
    corpus: CorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List the steps of each corpus in their order, and how many documents each has done.

    A step lets a model write metadata, a cleaned text or a summary of each document. Declare one with
    [[corpus.NAME.steps]].
    """
    from headrace.cli.views.steps import show_list

    return run_operation(ctx, workspace, as_json, lambda opened: opened.steps.list(corpus), show_list)


def step_show(
    ctx: typer.Context,
    step: StepArgument,
    corpus: OneCorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show one step: model, prompt and schema with digests, what it writes, how its documents stand."""
    from headrace.cli.views.steps import show_step

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.steps.show(step, corpus=corpus), show_step
    )


def step_test(
    ctx: typer.Context,
    step: StepArgument,
    file: FileArgument,
    corpus: OneCorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run a step on one file and show its output and every attempt; nothing is stored.

    The model is asked, so this costs what a call costs. Exit code 1 when there is no valid output.
    """
    from headrace.cli.views.steps import show_test

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.steps.test(step, file, corpus=corpus),
        show_test,
        code=lambda report: int(report.state != "written"),
    )


def step_dead_letters(
    ctx: typer.Context,
    step: OneStepOption = None,
    corpus: CorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List the documents that a step found no valid output for, with what the model wrote.

    They are served all the same, with the fallback where the step declares one.
    """
    from headrace.cli.views.steps import show_letters

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.steps.dead_letters(corpus, step=step), show_letters
    )


def step_retry(
    ctx: typer.Context,
    step: OneStepOption = None,
    corpus: CorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Ask again for what failed, in a sync of its corpus, and publish what succeeds.

    A changed prompt, schema or model needs no retry: the next sync asks anew. Exit code 1 when some
    failed again.
    """
    from headrace.cli.views.steps import show_retry

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.steps.retry(corpus, step=step),
        show_retry,
        code=lambda report: int(bool(report.letters)),
    )


def step_accuracy(
    ctx: typer.Context,
    step: StepArgument,
    sample: SampleOption,
    corpus: OneCorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Hold what a step wrote against a labelled sample: precision, recall and exact match of each field.

    What serves is compared, so nothing is asked. The interval is Wilson's, 95 %.
    """
    from headrace.cli.views.steps import show_accuracy

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.steps.accuracy(step, sample, corpus=corpus),
        show_accuracy,
    )


STEPPING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", step_list, "headrace step list"),
    ("show", step_show, "headrace step show facts --corpus handbook"),
    ("test", step_test, "headrace step test facts docs/guide.md --json"),
    ("dead-letters", step_dead_letters, "headrace step dead-letters --step facts"),
    ("retry", step_retry, "headrace step retry --step facts"),
    ("accuracy", step_accuracy, "headrace step accuracy facts --sample labelled.jsonl"),
)
