"""`headrace eval …`: run suites, compare runs, and decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

_CODES = {"pass": 0, "fail": 1, "inconclusive": 3}

SuiteArgument = Annotated[
    str, typer.Argument(metavar="SUITE", help="[evals.NAME] in headrace.toml, or evals/NAME.toml.")
]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="The id of a run, or its name.")]
BeforeArgument = Annotated[str, typer.Argument(metavar="RUN_A", help="The run before.")]
AfterArgument = Annotated[str, typer.Argument(metavar="RUN_B", help="The run after.")]
TargetOption = Annotated[
    str | None,
    typer.Option("--target", "-t", metavar="TARGET", help="ask, search, prompt:NAME@LABEL, http://…"),
]
RepeatsOption = Annotated[
    int | None, typer.Option("--repeats", metavar="N", min=1, max=100, help="Outputs for each case.")
]
BudgetOption = Annotated[
    str | None,
    typer.Option("--budget", metavar="LIMIT", help="Tokens (100000) or money ('2.50 EUR') at most."),
]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Take no outputs of earlier runs.")]
RecomputeOption = Annotated[
    bool, typer.Option("--recompute", help="Score the stored outputs again, and say what differs.")
]
MarginOption = Annotated[
    list[str] | None,
    typer.Option("--margin", "-m", metavar="METRIC=X", help="How much worse is no loss; may be given again."),
]
DrawsOption = Annotated[
    int, typer.Option("--draws", metavar="N", min=200, max=1_000_000, help="Of the bootstrap.")
]
BaselineOption = Annotated[
    str | None,
    typer.Option("--baseline", metavar="RUN", help="Without it: the last run that passed."),
]
GatedRunOption = Annotated[
    str | None, typer.Option("--run", metavar="RUN", help="Judge this run, and run nothing.")
]
TopUpOption = Annotated[
    bool, typer.Option("--no-top-up", help="Add no outputs where the first look says too little.")
]
FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="JSON Lines: case, output, scores; maybe group, tags, repeat.")
]
AsOption = Annotated[str, typer.Option("--as", metavar="RUN", help="What the run is called.")]
GoldenOption = Annotated[
    str | None, typer.Option("--set", metavar="SET", help="The golden set whose keys the cases are.")
]
SetArgument = Annotated[str, typer.Argument(metavar="SET", help="The golden set.")]
SampleOption = Annotated[
    int, typer.Option("--n", "-n", metavar="N", min=1, max=10_000, help="Answers to draw.")
]
SinceOption = Annotated[str, typer.Option("--since", metavar="AGE", help="How far back, such as 30d.")]
KeepOption = Annotated[
    int, typer.Option("--keep", metavar="N", min=1, max=120, help="Months that stay in the set.")
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="Draw the same sample again from the same answers.")
]
AcceptOption = Annotated[
    bool, typer.Option("--accept", help="Let them count at once, without anything expected of them.")
]
LimitOption = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help="Runs at most.")]


def eval_list(
    ctx: typer.Context,
    limit: LimitOption = 10,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List suites, golden sets and the newest runs."""
    from headrace.cli.views.evals import show_list

    return run_operation(ctx, workspace, as_json, lambda opened: opened.evals.list(limit=limit), show_list)


def eval_show(
    ctx: typer.Context,
    run: RunArgument,
    recompute: RecomputeOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show a run: its metrics with their intervals, its parts, and what was not measured.

    Exit code 1 when scoring again gives something else.
    """
    from headrace.cli.views.evals import show_run

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.evals.show(run, recompute=recompute),
        show_run,
        code=lambda report: int(bool(report.recomputed and report.recomputed["differing"])),
    )


def eval_run(
    ctx: typer.Context,
    suite: SuiteArgument,
    target: TargetOption = None,
    repeats: RepeatsOption = None,
    budget: BudgetOption = None,
    fresh: FreshOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run a suite; what an earlier run has asked is not asked again, and a killed run goes on.

    Exit code 3 when the budget ended it: the same command with a larger one goes on.
    """
    from headrace.cli.views.evals import show_run
    from headrace.cli.views.progress import eval_progress

    with eval_progress() as listener:
        return run_operation(
            ctx,
            workspace,
            as_json,
            lambda opened: opened.evals.run(
                suite, target=target, repeats=repeats, budget=budget, fresh=fresh, progress=listener
            ),
            show_run,
            code=lambda report: 3 if report.state == "budget" else 0,
        )


def eval_compare(
    ctx: typer.Context,
    a: BeforeArgument,
    b: AfterArgument,
    margin: MarginOption = None,
    draws: DrawsOption = 10_000,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Hold one run against another, case by case.

    Exit code 0: no worse than the margins allow; 1: worse; 3: too few cases to tell.
    """
    from headrace.cli.views.evals import show_comparison

    margins = _margins(margin or [])
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.evals.compare(a, b, margins=margins, draws=draws),
        show_comparison,
        code=lambda report: _CODES[report.verdict],
    )


def eval_gate(
    ctx: typer.Context,
    suite: SuiteArgument,
    baseline: BaselineOption = None,
    target: TargetOption = None,
    run: GatedRunOption = None,
    budget: BudgetOption = None,
    no_top_up: TopUpOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run a suite and decide whether its target may serve.

    Exit code 0: pass; 1: fail; 3: inconclusive. Cases that must pass and only flicker become flaky.
    """
    from headrace.cli.views.evals import show_gate
    from headrace.cli.views.progress import eval_progress

    with eval_progress() as listener:
        return run_operation(
            ctx,
            workspace,
            as_json,
            lambda opened: opened.evals.gate(
                suite,
                baseline=baseline,
                target=target,
                run=run,
                budget=budget,
                top_up=not no_top_up,
                progress=listener,
            ),
            show_gate,
            code=lambda report: _CODES[report.verdict],
        )


def eval_import(
    ctx: typer.Context,
    file: FileArgument,
    name: AsOption,
    golden: GoldenOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Take in outputs and scores that were made elsewhere, as a run to compare with."""
    from headrace.cli.views.evals import show_imported

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.evals.import_run(file, name, golden=golden),
        show_imported,
    )


def eval_refresh(
    ctx: typer.Context,
    golden: SetArgument = "main",
    n: SampleOption = 50,
    since: SinceOption = "30d",
    keep: KeepOption = 3,
    seed: SeedOption = None,
    accept: AcceptOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Draw the month's random sample of production into a golden set; the oldest month goes.

    Only answers of users who allow it. They are drafts until `eval case edit` says what is expected and
    `eval case accept` lets them count.
    """
    from headrace.cli.views.golden import show_refresh

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.golden.refresh(golden, n=n, since=since, keep=keep, seed=seed, accept=accept),
        show_refresh,
    )


def _margins(given: Sequence[str]) -> dict[str, float]:
    from headrace.errors import UsageError

    margins = {}
    for text in given:
        name, separator, value = text.rpartition("=")
        try:
            margins[name] = float(value)
        except ValueError:
            separator = ""
        if not separator or not name:
            raise UsageError(f"{text!r} is no margin.", hint="Write --margin METRIC=0.03.")
    return margins


EVALS: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", eval_list, "headrace eval list"),
    ("run", eval_run, "headrace eval run answers --target prompt:triage@staging"),
    ("show", eval_show, "headrace eval show run_6fz3xk2qv7m1 --recompute"),
    ("compare", eval_compare, "headrace eval compare run_6fz3xk2qv7m1 run_b2c9 --margin contains=0.05"),
    ("gate", eval_gate, "headrace eval gate answers --baseline run_6fz3xk2qv7m1"),
    ("import", eval_import, "headrace eval import scored.jsonl --as gpt-4o-march"),
    ("refresh", eval_refresh, "headrace eval refresh main --n 50 --since 30d"),
)
