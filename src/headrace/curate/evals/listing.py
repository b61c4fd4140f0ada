"""Suites, golden sets and runs, as a list."""

from __future__ import annotations

from headrace.curate.evals.parts import EvalParts
from headrace.curate.evals.reporting import report_of
from headrace.curate.evals.suite import Suite
from headrace.curate.evals.table import table_of
from headrace.ledger import eval_runs, golden
from headrace.records.evals import EvalList, SuiteReport


def list_evals(parts: EvalParts, *, limit: int) -> EvalList:
    """What there is, runs newest first."""
    with parts.ledger.read() as conn:
        rows = eval_runs.runs(conn, limit=limit)
        counts = eval_runs.counts(conn)
        sets = golden.sets(conn)
        runs = tuple(report_of(table_of(row, eval_runs.results(conn, row.id)), {}) for row in rows)
        suites = []
        for suite in parts.config.suites.values():
            last = eval_runs.runs(conn, suite=suite.name, states=("done",), limit=1)
            verdicts = eval_runs.verdicts(conn, suite=suite.name)
            suites.append(
                SuiteReport(
                    name=suite.name,
                    golden=suite.golden,
                    target=suite.target,
                    scorers=_names(suite),
                    repeats=suite.repeats,
                    runs=counts.get(suite.name, 0),
                    last=last[0].id if last else None,
                    verdict=verdicts[0].verdict if verdicts else None,  # type: ignore[arg-type]  # only these
                )
            )
    return EvalList(suites=tuple(suites), golden=sets, runs=runs)


def _names(suite: Suite) -> tuple[str, ...]:
    return tuple(
        item if isinstance(item, str) else str(item.get("name", item.get("type"))) for item in suite.scorers
    )
