"""Eval runs in the ledger: outputs by what made them, results by run, verdicts."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from headrace.ledger.storage.rows import delete_in, insert_new, slices, upsert
from headrace.ledger.storage.tables.golden import (
    eval_judgements,
    eval_outputs,
    eval_results,
    eval_runs,
    eval_verdicts,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write


class RunRow(NamedTuple):
    """One run, in the order of the table."""

    id: str
    suite: str
    golden: str | None
    version: str | None
    target: str
    target_id: str
    identity: str
    settings: str
    state: str
    repeats: int
    cached: int
    tokens: int
    cost_micro: int | None
    currency: str | None
    started_at_us: int
    finished_at_us: int | None
    actor: str


class OutputRow(NamedTuple):
    """What a target gave once, under the key of all that shaped it."""

    key: str
    reply: str
    trace_id: str | None
    case_id: str
    made_at_us: int


class JudgementRow(NamedTuple):
    """What a scorer that costs something said of an output, under the key of all that shaped it."""

    key: str
    output_key: str
    score: str
    made_at_us: int


class ResultRow(NamedTuple):
    """One output of a run with its scores."""

    run: str
    key: str
    repeat: int
    case_id: str
    facts: str
    output_key: str
    error: str | None
    latency_ms: float | None
    scores: str


class VerdictRow(NamedTuple):
    """One verdict of a gate."""

    id: str
    suite: str
    run: str
    baseline: str | None
    verdict: str
    report: str
    actor: str
    decided_at_us: int


def put_run(tx: Write, row: RunRow) -> None:
    """Write a run as it is now."""
    upsert(tx.conn, eval_runs, [tuple(row)])


def run(conn: Connection, name: str) -> RunRow | None:
    """One run."""
    row = conn.execute(sa.select(eval_runs).where(eval_runs.c.id == name)).one_or_none()
    return None if row is None else RunRow(*row)


def runs(
    conn: Connection, *, suite: str | None = None, states: Sequence[str] = (), limit: int = 20
) -> list[RunRow]:
    """Runs, newest first."""
    statement = sa.select(eval_runs).order_by(eval_runs.c.started_at_us.desc(), eval_runs.c.id).limit(limit)
    if suite is not None:
        statement = statement.where(eval_runs.c.suite == suite)
    if states:
        statement = statement.where(eval_runs.c.state.in_(list(states)))
    return [RunRow(*row) for row in conn.execute(statement)]


def counts(conn: Connection) -> dict[str, int]:
    """Suite to its runs."""
    rows = conn.execute(sa.select(eval_runs.c.suite, sa.func.count()).group_by(eval_runs.c.suite))
    return {row[0]: row[1] for row in rows}


def put_outputs(tx: Write, rows: Sequence[OutputRow], *, anew: bool = False) -> None:
    """Keep outputs; one that is there is left, or replaced with `anew`."""
    write = upsert if anew else insert_new
    write(tx.conn, eval_outputs, [tuple(row) for row in rows])


def outputs(conn: Connection, keys: Iterable[str]) -> dict[str, OutputRow]:
    """Outputs by their keys."""
    found = {}
    for part in slices(sorted(set(keys))):
        for row in conn.execute(sa.select(eval_outputs).where(eval_outputs.c.key.in_(part))):
            found[row.key] = OutputRow(*row)
    return found


def all_outputs(conn: Connection) -> list[OutputRow]:
    """Every output."""
    return [OutputRow(*row) for row in conn.execute(sa.select(eval_outputs))]


def put_judgements(tx: Write, rows: Sequence[JudgementRow]) -> None:
    """Keep judgements; one that is there is left."""
    insert_new(tx.conn, eval_judgements, [tuple(row) for row in rows])


def judgements(conn: Connection, keys: Iterable[str]) -> dict[str, JudgementRow]:
    """Judgements by their keys."""
    found = {}
    for part in slices(sorted(set(keys))):
        for row in conn.execute(sa.select(eval_judgements).where(eval_judgements.c.key.in_(part))):
            found[row.key] = JudgementRow(*row)
    return found


def put_results(tx: Write, rows: Sequence[ResultRow]) -> None:
    """Write results; one that is there is replaced."""
    upsert(tx.conn, eval_results, [tuple(row) for row in rows])


def results(conn: Connection, run: str) -> list[ResultRow]:
    """The results of a run in the order of case and repeat."""
    rows = conn.execute(sa.select(eval_results).where(eval_results.c.run == run))
    return sorted((ResultRow(*row) for row in rows), key=lambda row: (row.key, row.repeat))


def runs_of_case(conn: Connection, case_id: str) -> list[str]:
    """Runs that used a content."""
    statement = sa.select(eval_results.c.run).where(eval_results.c.case_id == case_id).distinct()
    return sorted(conn.execute(statement).scalars())


def measured(conn: Connection) -> set[tuple[str, str]]:
    """Content and key of everything that has a result."""
    rows = conn.execute(sa.select(eval_results.c.case_id, eval_results.c.key).distinct())
    return {(row[0], row[1]) for row in rows}


def put_verdict(tx: Write, row: VerdictRow) -> None:
    """Keep a verdict."""
    insert_new(tx.conn, eval_verdicts, [tuple(row)])


def verdict(conn: Connection, name: str) -> VerdictRow | None:
    """One verdict."""
    row = conn.execute(sa.select(eval_verdicts).where(eval_verdicts.c.id == name)).one_or_none()
    return None if row is None else VerdictRow(*row)


def verdicts(conn: Connection, *, suite: str | None = None, run: str | None = None) -> list[VerdictRow]:
    """Verdicts, newest first."""
    statement = sa.select(eval_verdicts).order_by(eval_verdicts.c.decided_at_us.desc())
    if suite is not None:
        statement = statement.where(eval_verdicts.c.suite == suite)
    if run is not None:
        statement = statement.where(eval_verdicts.c.run == run)
    return [VerdictRow(*row) for row in conn.execute(statement)]


class Texts(NamedTuple):
    """Everything of evals that holds words, for erasure: primary keys to JSON texts."""

    outputs: Mapping[str, str]
    judgements: Mapping[str, str]
    results: Mapping[tuple[str, str, int], tuple[str, str, str | None]]
    """Scores, facts and error."""
    runs: Mapping[str, tuple[str, str]]
    """Identity and target."""
    verdicts: Mapping[str, str]


def texts(conn: Connection) -> Texts:
    """Read everything that holds words."""
    results_ = conn.execute(sa.select(eval_results))
    return Texts(
        outputs={row.key: row.reply for row in conn.execute(sa.select(eval_outputs))},
        judgements={row.key: row.score for row in conn.execute(sa.select(eval_judgements))},
        results={(row.run, row.key, row.repeat): (row.scores, row.facts, row.error) for row in results_},
        runs={row.id: (row.identity, row.target) for row in conn.execute(sa.select(eval_runs))},
        verdicts={row.id: row.report for row in conn.execute(sa.select(eval_verdicts))},
    )


def forget_texts(tx: Write, changed: Texts) -> None:
    """Write texts back, of what changed."""
    for key, reply in changed.outputs.items():
        tx.conn.execute(sa.update(eval_outputs).where(eval_outputs.c.key == key).values(reply=reply))
    for key, score in changed.judgements.items():
        tx.conn.execute(sa.update(eval_judgements).where(eval_judgements.c.key == key).values(score=score))
    for (run_, key, repeat), (scores, facts, error) in changed.results.items():
        table = eval_results
        wanted = sa.and_(table.c.run == run_, table.c.key == key, table.c.repeat == repeat)
        values = {"scores": scores, "facts": facts, "error": error}
        tx.conn.execute(sa.update(table).where(wanted).values(values))
    for name, (identity, target) in changed.runs.items():
        wanted = eval_runs.c.id == name
        tx.conn.execute(sa.update(eval_runs).where(wanted).values(identity=identity, target=target))
    for name, report in changed.verdicts.items():
        tx.conn.execute(sa.update(eval_verdicts).where(eval_verdicts.c.id == name).values(report=report))


def forget_case(tx: Write, case_ids: Collection[str], keys: Collection[str]) -> None:
    """Delete every output of these contents, and every result of these keys."""
    gone = [
        key
        for part in slices(sorted(case_ids))
        for key in tx.conn.execute(
            sa.select(eval_outputs.c.key).where(eval_outputs.c.case_id.in_(part))
        ).scalars()
    ]
    delete_in(tx.conn, eval_judgements.c.output_key, gone)
    delete_in(tx.conn, eval_outputs.c.key, gone)
    for part in slices(sorted(case_ids)):
        where = eval_results.c.case_id.in_(part), eval_results.c.key.in_(sorted(keys))
        tx.conn.execute(sa.delete(eval_results).where(*where))


def settings_of(row: RunRow) -> dict[str, Any]:
    """The settings of a run."""
    settings: dict[str, Any] = json.loads(row.settings)
    return settings
