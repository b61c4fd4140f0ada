"""The HTTP API of evals: run suites, compare runs, and decide."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.errors import UsageError
from headrace.records.evals import EvalList, EvalRun, GateReport, ImportedRun, RunComparison
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

_KINDS = ("ask", "search", "prompt", "release")
MAX_ROWS = 100_000
"""The most rows that one request imports."""

SuiteName = Annotated[str, Path(description="`[evals.NAME]`, or `evals/NAME.toml`.", max_length=64)]
RunName = Annotated[str, Path(description="The id of a run, or its name.", max_length=64)]
BudgetLimit = Annotated[
    str | None, Field(description="Tokens (`100000`) or money (`2.50 EUR`) at most.", max_length=64)
]
Target = Annotated[
    str | None, Field(description="`ask`, `search`, `prompt:NAME@LABEL`, …; the suite's own without.")
]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EvalRunRequest(_Asked):
    """How to run a suite."""

    target: Target = None
    repeats: Annotated[int | None, Field(ge=1, le=100, description="Outputs for each case.")] = None
    budget: BudgetLimit = None
    fresh: Annotated[bool, Field(description="Take no outputs of earlier runs.")] = False


class EvalGateRequest(_Asked):
    """How to decide."""

    target: Target = None
    baseline: Annotated[str | None, Field(description="Without it: the last run that passed.")] = None
    run: Annotated[str | None, Field(description="Judge this run, and run nothing.")] = None
    budget: BudgetLimit = None
    top_up: Annotated[bool, Field(description="Add outputs where the first look says too little.")] = True


class EvalCompareRequest(_Asked):
    """Two runs."""

    a: Annotated[str, Field(description="The run before.", max_length=64)]
    b: Annotated[str, Field(description="The run after.", max_length=64)]
    margins: Annotated[dict[str, float], Field(description="Metric to how much worse is no loss.")] = {}
    draws: Annotated[int, Field(ge=200, le=100_000, description="Of the bootstrap.")] = 10_000


class EvalImportRequest(_Asked):
    """A run that was made elsewhere."""

    name: Annotated[str, Field(min_length=1, max_length=64, description="What it is called.")]
    rows: Annotated[
        list[dict[str, Any]],
        Field(min_length=1, max_length=MAX_ROWS, description="`case`, `output`, `scores` of each."),
    ]
    golden: Annotated[str | None, Field(description="The golden set whose keys the cases are.")] = None


def _inside(target: str | None) -> str | None:
    """A target that a caller over HTTP may name: no address and no code. Raises UsageError."""
    if target is not None and target.partition(":")[0] not in _KINDS:
        raise UsageError(
            f"The target {target!r} cannot be named over HTTP. Allowed: {', '.join(_KINDS)}.",
            hint="Declare it in the suite.",
        )
    return target


router = APIRouter(prefix="/api/evals", responses=ERRORS, tags=["evals"])


@router.get("", response_model=EvalList)
def list_evals(
    workspace: Served, limit: Annotated[int, Query(ge=1, le=1000, description="Runs at most.")] = 20
) -> Reply:
    """List suites, golden sets and the newest runs."""
    return Reply(workspace.evals.list(limit=limit))


@router.post("/compare", response_model=RunComparison)
def compare_evals(workspace: Served, asked: Annotated[EvalCompareRequest, Body()]) -> Reply:
    """Hold one run against another, case by case; the verdict is pass, fail or inconclusive."""
    return Reply(workspace.evals.compare(asked.a, asked.b, margins=asked.margins, draws=asked.draws))


@router.post("/import", response_model=ImportedRun)
def import_eval(workspace: Served, asked: Annotated[EvalImportRequest, Body()]) -> Reply:
    """Take in outputs and scores that were made elsewhere, as a run to compare with."""
    return Reply(workspace.evals.import_rows(asked.rows, asked.name, golden=asked.golden))


@router.get("/runs/{run}", response_model=EvalRun)
def show_eval(
    workspace: Served,
    run: RunName,
    recompute: Annotated[bool, Query(description="Score the stored outputs again.")] = False,
) -> Reply:
    """Show a run: its metrics with their intervals, its parts, and what was not measured."""
    return Reply(workspace.evals.show(run, recompute=recompute))


@router.post("/{suite}/run", response_model=EvalRun)
def run_eval(workspace: Served, suite: SuiteName, asked: Annotated[EvalRunRequest, Body()]) -> Reply:
    """Run a suite; what an earlier run has asked is not asked again, and a killed run goes on."""
    return Reply(
        workspace.evals.run(
            suite, target=_inside(asked.target), repeats=asked.repeats, budget=asked.budget, fresh=asked.fresh
        )
    )


@router.post("/{suite}/gate", response_model=GateReport)
def gate_eval(workspace: Served, suite: SuiteName, asked: Annotated[EvalGateRequest, Body()]) -> Reply:
    """Run a suite and decide whether its target may serve."""
    return Reply(
        workspace.evals.gate(
            suite,
            target=_inside(asked.target),
            baseline=asked.baseline,
            run=asked.run,
            budget=asked.budget,
            top_up=asked.top_up,
        )
    )
