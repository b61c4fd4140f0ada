"""Run a suite: outputs from earlier runs or from the target, scored, each durable before it is counted.

A run that was killed, or ended by its budget, is gone on with by the same command: it has the same id as long
as cases, target and scorers are the same, and asks only for outputs that are not there.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from headrace.curate.evals.base import Scorer, Target
from headrace.curate.evals.executing import Work, execute, jobs_of, passes
from headrace.curate.evals.outputs import identity_of
from headrace.curate.evals.parts import EvalParts
from headrace.curate.evals.spending import Spent
from headrace.curate.evals.suite import Suite
from headrace.errors import NotFoundError
from headrace.ledger import eval_runs, golden, leases, lineage
from headrace.ledger.eval_runs import RunRow
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.golden import CaseRow, Content
from headrace.ledger.identity import digest_bytes
from headrace.records.evals import EvalProgress

if TYPE_CHECKING:
    from headrace.ledger.ledger import Write

BEGUN = declare("eval.begun")
BEFORE_DONE = declare("eval.before_done")
_LEASE_WAIT_SECONDS = 5.0


def run_suite(
    parts: EvalParts,
    suite: Suite,
    *,
    fresh: bool = False,
    progress: Callable[[EvalProgress], None] | None = None,
) -> str:
    """Run a suite to its end or its budget; returns the id of the run.

    `fresh` asks the target anew for every output. Raises NotFoundError for a golden set that has no active
    case, ConfigError, UsageError, LeaseHeld while the same suite runs elsewhere.
    """
    target, scorers = parts.target(suite), parts.scorers(suite)
    try:
        with leases.held(parts.ledger, f"eval/{suite.name}", wait_seconds=_LEASE_WAIT_SECONDS):
            rows, contents, version = _cases(parts, suite)
            run = _begin(parts, suite, target, scorers, version, anew=fresh)
            fire(BEGUN)
            work = Work(
                parts=parts,
                suite=suite,
                target=target,
                scorers=scorers,
                run=run,
                spent=Spent.of(suite.budget, run),
                progress=progress,
                fresh=fresh,
            )
            jobs = list(jobs_of(work, rows, contents, range(suite.repeats)))
            execute(work, jobs)
            finish(work)
    finally:
        close = getattr(target, "close", None)
        if close is not None:
            close()
    return run.id


def more_repeats(
    parts: EvalParts,
    suite: Suite,
    run_id: str,
    *,
    keys: Collection[str] | None,
    repeats: int,
    progress: Callable[[EvalProgress], None] | None = None,
) -> int:
    """Add outputs to a run until each case (of these keys) has so many; returns how many were added."""
    target, scorers = parts.target(suite), parts.scorers(suite)
    with parts.ledger.read() as conn:
        run = eval_runs.run(conn, run_id)
        held = None if run is None or run.version is None else golden.version(conn, run.version)
    if run is None or held is None or identity_of(target) != run.target_id:
        return 0  # another target by now: its outputs would not be those of this run
    try:
        with leases.held(parts.ledger, f"eval/{suite.name}", wait_seconds=_LEASE_WAIT_SECONDS):
            rows, contents, _ = _cases(parts, suite)
            wanted = [row for row in rows if keys is None or row.key in keys]
            spent = Spent.of(suite.budget, run)
            work = Work(
                parts=parts,
                suite=suite,
                target=target,
                scorers=scorers,
                run=run,
                spent=spent,
                progress=progress,
            )
            before = _outputs(parts, run_id)
            execute(work, list(jobs_of(work, wanted, contents, range(repeats))))
            if keys is None:
                work.run = work.run._replace(repeats=max(run.repeats, repeats))
            finish(work)
            return _outputs(parts, run_id) - before
    finally:
        close = getattr(target, "close", None)
        if close is not None:
            close()


def finish(work: Work) -> None:
    """Say that the run is over, or that its budget is, and keep how its repeats differed."""
    fire(BEFORE_DONE)
    state = "budget" if work.stopped else "done"
    rates = _flake_rates(work)

    def work_(tx: Write) -> None:
        work.run = work.spent.counted(work.run)._replace(state=state, finished_at_us=tx.now_us)
        eval_runs.put_run(tx, work.run)
        if work.run.golden is not None:
            golden.set_flake_rates(tx, work.run.golden, rates)

    work.parts.ledger.write(work_)


def _outputs(parts: EvalParts, run_id: str) -> int:
    with parts.ledger.read() as conn:
        return sum(row.error is None for row in eval_runs.results(conn, run_id))


def _cases(parts: EvalParts, suite: Suite) -> tuple[list[CaseRow], dict[str, Content], str]:
    with parts.ledger.read() as conn:
        rows = golden.cases(conn, suite.golden, states=golden.RUN_STATES)
        contents = golden.contents(conn, (row.case_id for row in rows))
        known = sorted(golden.sets(conn))
    if not rows:
        raise NotFoundError(
            "active case in the golden set",
            suite.golden,
            known=known,
            hint=f"See `headrace eval case list --set {suite.golden}`; `eval case accept` lets drafts in.",
        )
    version = parts.ledger.write(lambda tx: golden.put_version(tx, suite.golden, rows))
    return rows, contents, version


def _begin(
    parts: EvalParts, suite: Suite, target: Target, scorers: Sequence[Scorer], version: str, *, anew: bool
) -> RunRow:
    """The run that goes on, or a new one."""
    settings = {
        "scorers": [
            {"name": item.name, "version": item.version, "unit": item.unit, "binary": item.binary}
            for item in scorers
        ],
        "pass_at": dict(suite.pass_at),
        "fresh": anew,
    }
    text = json.dumps(settings, sort_keys=True)
    identity = json.dumps(dict(target.identity), sort_keys=True, default=str)
    target_id = identity_of(target)

    def work(tx: Write) -> RunRow:
        for row in eval_runs.runs(tx.conn, suite=suite.name, states=("running", "budget"), limit=20):
            same = (row.version, row.target_id, row.settings, row.repeats)
            if same == (version, target_id, text, suite.repeats):
                eval_runs.put_run(tx, row._replace(state="running"))
                return row
        row = RunRow(
            id=digest_bytes("run", secrets.token_bytes(32)),
            suite=suite.name,
            golden=suite.golden,
            version=version,
            target=suite.target,
            target_id=target_id,
            identity=identity,
            settings=text,
            state="running",
            repeats=suite.repeats,
            cached=0,
            tokens=0,
            cost_micro=None,
            currency=None,
            started_at_us=tx.now_us,
            finished_at_us=None,
            actor=parts.actor,
        )
        eval_runs.put_run(tx, row)
        lineage.link(tx, _edges(row, target))
        return row

    return parts.ledger.write(work)


def _edges(row: RunRow, target: Target) -> Iterator[lineage.Edge]:
    yield lineage.Edge(source=str(row.version), target=row.id, activity="evaluated_on")
    for name in ("release", "prompt"):
        source = target.identity.get(name)
        if isinstance(source, str):
            yield lineage.Edge(source=source, target=row.id, activity="evaluated")


def _flake_rates(work: Work) -> dict[str, float]:
    """Share of repeats of each case that differ from most of them, as far as they pass or fail."""
    binary = [scorer.name for scorer in work.scorers if scorer.binary]
    with work.parts.ledger.read() as conn:
        rows = eval_runs.results(conn, work.run.id)
    seen: dict[str, list[bool]] = {}
    for row in rows:
        verdict = passes(json.loads(row.scores), binary, dict(work.suite.pass_at))
        if verdict is not None:
            seen.setdefault(row.key, []).append(verdict)
    return {
        key: min(sum(values), len(values) - sum(values)) / len(values)
        for key, values in seen.items()
        if len(values) > 1
    }
