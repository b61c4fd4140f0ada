"""The outputs of a run: taken from earlier runs or asked for, scored, each durable before it is counted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
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
from headrace.errors import HeadraceError, UsageError
from headrace.ledger import eval_runs, golden
from headrace.ledger.eval_runs import JudgementRow, OutputRow, ResultRow, RunRow
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.golden import CaseRow, Content
from headrace.records.evals import EvalProgress

if TYPE_CHECKING:
    from headrace.ledger.ledger import Write

BEFORE_OUTPUT = declare("eval.before_output")
AFTER_OUTPUT = declare("eval.after_output")
_BATCH = 500


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
