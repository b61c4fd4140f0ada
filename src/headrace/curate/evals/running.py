"""Run a suite: outputs from earlier runs or from the target, scored, each durable before it is counted.

A run that was killed, or ended by its budget, is gone on with by the same command: it has the same id as long
as cases, target and scorers are the same, and asks only for outputs that are not there.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.curate.evals.base import Reply, Score, Scorer, Target
from headrace.curate.evals.outputs import (
    from_text,
    identity_of,
    is_marked,
    judgement_key,
    kept,
    measure,
    output_key,
    shown,
    to_text,
)
from headrace.curate.evals.parts import EvalParts
from headrace.curate.evals.scorers.building import scorer_id
from headrace.curate.evals.spending import Spent
from headrace.curate.evals.suite import Suite
from headrace.errors import HeadraceError, NotFoundError, UsageError
from headrace.ledger import eval_runs, golden, leases, lineage
from headrace.ledger.eval_runs import JudgementRow, OutputRow, ResultRow, RunRow
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.golden import CaseRow, Content
from headrace.ledger.identity import digest_bytes
from headrace.records.evals import EvalProgress

if TYPE_CHECKING:
    from headrace.ledger.ledger import Write

BEGUN = declare("eval.begun")
BEFORE_OUTPUT = declare("eval.before_output")
AFTER_OUTPUT = declare("eval.after_output")
BEFORE_DONE = declare("eval.before_done")
_BATCH = 500
_LEASE_WAIT_SECONDS = 5.0


class Job(NamedTuple):
    """One output to be had."""

    row: CaseRow
    content: Content
    repeat: int
    key: str
    """Of the output."""


class Done(NamedTuple):
    """One output that is there."""

    job: Job
    reply: str | None
    """As JSON; None where the target failed."""
    error: str | None
    latency_ms: float | None
    scores: dict[str, Score]
    judged: list[JudgementRow]
    fresh: bool
    trace_id: str | None


@dataclass(slots=True, kw_only=True)
class Work:
    """One run on its way."""

    parts: EvalParts
    suite: Suite
    target: Target
    scorers: Sequence[Scorer]
    run: RunRow
    spent: Spent
    progress: Callable[[EvalProgress], None] | None = None
    done: int = 0
    total: int = 0
    fresh: bool = False
    stopped: bool = field(default=False)


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


def jobs_of(
    work: Work, rows: Sequence[CaseRow], contents: dict[str, Content], repeats: range
) -> Iterator[Job]:
    """Every output of these cases, all cases once before any is repeated."""
    identity = identity_of(work.target)
    for repeat in repeats:
        for row in rows:
            content = contents[row.case_id]
            key = output_key(work.target, identity, content.inputs, repeat)
            yield Job(row, content, repeat, key)


def execute(work: Work, jobs: Sequence[Job]) -> None:
    """Get the outputs of these jobs, from earlier runs where they are there, and score them."""
    with work.parts.ledger.read() as conn:
        results = eval_runs.results(conn, work.run.id)
        stored = {} if work.fresh else eval_runs.outputs(conn, (job.key for job in jobs))
    there = {(row.key, row.repeat) for row in results if row.error is None}
    work.total = len(jobs)
    jobs = [job for job in jobs if (job.row.key, job.repeat) not in there]
    work.done = work.total - len(jobs)
    known = [job for job in jobs if job.key in stored]
    _take_stored(work, known, stored)
    _ask(work, [job for job in jobs if job.key not in stored])


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


def passes(scores: Mapping[str, Any], binary: Collection[str], pass_at: Mapping[str, float]) -> bool | None:
    """Whether an output passes: every 0-or-1 metric that fits its case, and every one with a bound.

    None where nothing could be measured, or one with a bound could not.
    """
    wanted = dict.fromkeys(binary, 1.0) | dict(pass_at)
    values = {name: scores[name][0] for name in wanted if name in scores}
    known = {name: value for name, value in values.items() if value is not None}
    if any(value < wanted[name] for name, value in known.items()):
        return False
    return True if known and all(name in known for name in pass_at) else None


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


def _take_stored(work: Work, jobs: Sequence[Job], stored: dict[str, OutputRow]) -> None:
    """Score what earlier runs got; judgements of it are taken over as well."""
    keys = [
        key
        for job in jobs
        for scorer in work.scorers
        if (key := _kept_under(scorer, job, stored[job.key].reply)) is not None
    ]
    with work.parts.ledger.read() as conn:
        judged = eval_runs.judgements(conn, keys)
    for start in range(0, len(jobs), _BATCH):
        done = [_scored(work, job, stored[job.key].reply, judged) for job in jobs[start : start + _BATCH]]
        _keep(work, done)


def _ask(work: Work, jobs: Sequence[Job]) -> None:
    """Ask the target, several cases at once; each answer is durable before it counts."""
    if not jobs:
        return
    waiting = iter(jobs)
    running: set[Future[Done]] = set()
    with ThreadPoolExecutor(work.suite.concurrency, thread_name_prefix="headrace-eval") as pool:
        try:
            while True:
                while len(running) < work.suite.concurrency:
                    if work.spent.is_over:
                        work.stopped = next(waiting, None) is not None or work.stopped
                        break
                    job = next(waiting, None)
                    if job is None:
                        break
                    running.add(pool.submit(_answer, work, job))
                if not running:
                    return
                over, running = wait(running, return_when=FIRST_COMPLETED)
                _keep(work, [future.result() for future in over])
        except BaseException:
            for future in running:
                future.cancel()
            raise


def _answer(work: Work, job: Job) -> Done:
    began = time.perf_counter()
    try:
        reply = work.target.answer(job.content.inputs)
    except UsageError:
        raise  # the suite is wrong, and would be for every case
    except HeadraceError as error:
        # An upstream that failed says nothing of the product: not measured, and asked again next time.
        return Done(job, None, error.message[:500], None, {}, [], True, None)
    elapsed = (time.perf_counter() - began) * 1000
    work.spent.add(reply.tokens, reply.cost_micro, reply.currency)
    clean = kept(reply, work.parts.engine)
    if clean.latency_ms is None:
        clean = _with_latency(clean, elapsed)
    return _scored(work, job, to_text(clean), None, original=reply)


def _with_latency(reply: Reply, elapsed: float) -> Reply:
    from dataclasses import replace

    return replace(reply, latency_ms=round(elapsed, 3))


def _kept_under(scorer: Scorer, job: Job, text: str) -> str | None:
    """Where a score is stored: that of a scorer that costs, and any of an output that was redacted since."""
    redacted = '"redacted"' in text and bool(from_text(text).facts.get("redacted"))
    if not scorer.costs and not redacted:
        return None
    said = shown(text) if scorer.costs else f"{job.key} {shown(text)}"
    return judgement_key(scorer_id(scorer), job.row.case_id, said, job.repeat)


def _scored(
    work: Work,
    job: Job,
    text: str,
    judged: dict[str, JudgementRow] | None,
    *,
    original: Reply | None = None,
) -> Done:
    """Score an output: as the target gave it where that is at hand, except for whoever would pass it on.

    Where personal data was taken out of what a case expects, it is held against the redacted output.
    """
    reply = from_text(text)
    marked = original is None or is_marked(job.content.expected)
    scores: dict[str, Score] = {}
    made: list[JudgementRow] = []
    for scorer in work.scorers:
        seen = reply if marked or scorer.costs or original is None else original
        key = _kept_under(scorer, job, text)
        if key is None:
            scores[scorer.name] = measure(scorer, job.content.inputs, job.content.expected, seen)
            continue
        found = _judgement(work, key, judged)
        if found is None:
            score = measure(scorer, job.content.inputs, job.content.expected, seen)
            work.spent.add(score.tokens, score.cost_micro, score.currency)
            if score.value is not None:  # a judge that could not be read is asked again next time
                said = json.dumps([score.value, score.reason])
                made.append(JudgementRow(key, job.key, said, 0))
        else:
            value, reason = json.loads(found.score)
            score = Score(value=value, reason=reason)
        scores[scorer.name] = score
    fresh = judged is None
    return Done(job, text, None, reply.latency_ms, scores, made, fresh, reply.trace_id)


def _judgement(work: Work, key: str, known: dict[str, JudgementRow] | None) -> JudgementRow | None:
    if work.fresh:
        return None
    if known is not None:
        return known.get(key)
    with work.parts.ledger.read() as conn:
        return eval_runs.judgements(conn, [key]).get(key)


def _keep(work: Work, done: Sequence[Done]) -> None:
    """Write outputs, judgements and results in one transaction."""
    fire(BEFORE_OUTPUT)

    def write(tx: Write) -> None:
        fresh = [
            OutputRow(item.job.key, item.reply, item.trace_id, item.job.row.case_id, tx.now_us)
            for item in done
            if item.fresh and item.reply is not None
        ]
        eval_runs.put_outputs(tx, fresh, anew=work.fresh)
        eval_runs.put_judgements(
            tx, [row._replace(made_at_us=tx.now_us) for item in done for row in item.judged]
        )
        eval_runs.put_results(tx, [_result(work, item) for item in done])

    work.parts.ledger.write(write)
    fire(AFTER_OUTPUT)
    work.done += len(done)
    work.spent.cached += sum(not item.fresh for item in done)
    if work.progress is not None:
        work.progress(EvalProgress(done=work.done, total=work.total, cached=work.spent.cached))


def _result(work: Work, item: Done) -> ResultRow:
    return ResultRow(
        run=work.run.id,
        key=item.job.row.key,
        repeat=item.job.repeat,
        case_id=item.job.row.case_id,
        facts=json.dumps(golden.facts_of(item.job.row)),
        output_key=item.job.key,
        error=item.error,
        latency_ms=item.latency_ms,
        scores=json.dumps({name: [score.value, score.reason] for name, score in item.scores.items()}),
    )


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
