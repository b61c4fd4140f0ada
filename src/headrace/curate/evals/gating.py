"""The gate of a suite: run it, hold it against its baseline, look again where need be, decide."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from headrace.curate.evals.comparing import compare_tables
from headrace.curate.evals.parts import EvalParts
from headrace.curate.evals.reporting import (
    counted_cases,
    latencies,
    load,
    must_pass,
    summaries,
)
from headrace.curate.evals.running import more_repeats, run_suite
from headrace.curate.evals.statistics.quantiles import DRAWS
from headrace.curate.evals.suite import Suite
from headrace.curate.evals.table import LATENCIES, RunTable
from headrace.errors import UsageError
from headrace.ledger import eval_runs, golden, lineage
from headrace.ledger.eval_runs import VerdictRow
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.identity import digest_bytes
from headrace.records.evals import EvalProgress, GateReport, MustPass, RunComparison, Verdict
from headrace.records.wire import to_plain

if TYPE_CHECKING:
    from headrace.ledger.ledger import Write

BEFORE_VERDICT = declare("eval.before_verdict")


def gate(
    parts: EvalParts,
    suite: Suite,
    *,
    baseline: str | None = None,
    run: str | None = None,
    top_up: bool = True,
    progress: Callable[[EvalProgress], None] | None = None,
) -> GateReport:
    """Decide about the target of a suite, or about a run of it that is there. The verdict is kept.

    Where a must-pass case failed, or the comparison is inconclusive, outputs are added once, up to
    `max_repeats` and within the budget. Raises NotFoundError, UsageError, ConfigError.
    """
    name = run or run_suite(parts, suite, progress=progress)
    against = baseline or suite.baseline or _last_passed(parts, suite.name, name)
    table, before = _load(parts, name), None if against is None else _load(parts, against)
    added = 0
    if table.run.suite != suite.name:
        raise UsageError(f"Run {name!r} is of suite {table.run.suite!r}, not of {suite.name!r}.")
    marks = must_pass(table)
    doubtful = [*marks.failed, *marks.flaky] if marks else []
    if top_up and doubtful:
        added += more_repeats(parts, suite, name, keys=doubtful, repeats=suite.max_repeats, progress=progress)
        table = _load(parts, name)
    comparison = None if before is None else compare_tables(before, table, gates=suite.gates, draws=DRAWS)
    floors = _floors(table, suite)
    if top_up and _too_little(comparison, floors) and _varies(table, suite):
        added += more_repeats(parts, suite, name, keys=None, repeats=suite.max_repeats, progress=progress)
        table = _load(parts, name)
        comparison = None if before is None else compare_tables(before, table, gates=suite.gates)
        floors = _floors(table, suite)
    flaky = _quarantine(parts, suite, table)
    marks = must_pass(table, quarantined=[item["key"] for item in flaky])
    verdict, reasons = _decide(comparison, floors, marks)
    if verdict == "pass" and table.run.state != "done":
        verdict = "inconclusive"
    report = GateReport(
        id=digest_bytes("verdict", secrets.token_bytes(32)),
        suite=suite.name,
        run=name,
        baseline=against,
        verdict=verdict,
        reasons=(*reasons, *_unfinished(table)),
        must_pass=marks,
        comparison=comparison,
        floors=floors,
        topped_up=added,
        quarantined=tuple(flaky),
    )
    _keep(parts, report)
    return report


def _load(parts: EvalParts, name: str) -> RunTable:
    with parts.ledger.read() as conn:
        return load(conn, name)


def _last_passed(parts: EvalParts, suite: str, run: str) -> str | None:
    with parts.ledger.read() as conn:
        found = eval_runs.verdicts(conn, suite=suite)
    return next((row.run for row in found if row.verdict == "pass" and row.run != run), None)


def _too_little(comparison: RunComparison | None, floors: Mapping[str, Mapping[str, Any]]) -> bool:
    compared = comparison is not None and comparison.verdict == "inconclusive"
    return compared or any(item["verdict"] == "inconclusive" for item in floors.values())


def _varies(table: RunTable, suite: Suite) -> bool:
    """Whether more repeats could tell more: not where repeats were all alike."""
    if table.run.repeats >= suite.max_repeats:
        return False
    spreads = [value for values in table.spread.values() for value in values if not math.isnan(value)]
    return table.run.repeats == 1 or any(value > 0 for value in spreads)


def _floors(table: RunTable, suite: Suite) -> dict[str, dict[str, Any]]:
    """Metrics with a bound of their own, and whether the whole interval keeps it."""
    chosen = counted_cases(table)
    found: dict[str, dict[str, Any]] = {}
    means = summaries(table, chosen)
    for name, asked in suite.gates.items():
        if asked.at_least is None and asked.at_most is None:
            continue
        if name in LATENCIES:
            value = latencies(table, chosen).get("p50" if "p50" in name else "p95")
            low = high = value
        elif name in means:
            value = means[name].mean
            low, high = means[name].ci or (None, None)
        else:
            known = ", ".join([*means, *LATENCIES])
            raise UsageError(f"Suite {suite.name!r} has no metric {name!r}. It has: {known}.")
        found[name] = {
            "mean": value,
            "ci": None if low is None else [low, high],
            "at_least": asked.at_least,
            "at_most": asked.at_most,
            "verdict": _bounded(low, high, asked.at_least, asked.at_most),
        }
    return found


def _bounded(low: float | None, high: float | None, at_least: float | None, at_most: float | None) -> Verdict:
    if low is None or high is None:
        return "inconclusive"
    if (at_least is not None and high < at_least) or (at_most is not None and low > at_most):
        return "fail"
    kept = (at_least is None or low >= at_least) and (at_most is None or high <= at_most)
    return "pass" if kept else "inconclusive"


def _quarantine(parts: EvalParts, suite: Suite, table: RunTable) -> list[dict[str, str]]:
    """Cases that must pass, and pass in most repeats only, become flaky: their owner is told."""
    marks = must_pass(table)
    if marks is None or not marks.flaky or table.run.golden is None:
        return []
    name = table.run.golden

    def work(tx: Write) -> list[dict[str, str]]:
        rows = [row for key in marks.flaky if (row := golden.case(tx.conn, name, key)) is not None]
        moved = [row._replace(state="flaky") for row in rows if row.state == "active"]
        golden.put_cases(
            tx, moved, actor=parts.actor, reason=f"passes in some repeats only, in run {table.run.id}"
        )
        return [{"key": row.key, "owner": row.owner or "nobody"} for row in rows]

    return parts.ledger.write(work)


def _decide(
    comparison: RunComparison | None, floors: Mapping[str, Mapping[str, Any]], marks: MustPass | None
) -> tuple[Verdict, list[str]]:
    verdicts: list[Verdict] = []
    reasons: list[str] = []
    if marks is not None:
        if marks.failed:
            verdicts.append("fail")
            reasons.append(f"must pass, and failed: {', '.join(marks.failed[:10])}")
        elif marks.unknown:
            verdicts.append("inconclusive")
            reasons.append(f"must pass, and could not be measured: {', '.join(marks.unknown[:10])}")
        else:
            verdicts.append("pass")
    for name, item in floors.items():
        verdicts.append(item["verdict"])
        if item["verdict"] != "pass":
            wanted = f"at least {item['at_least']}" if item["at_least"] is not None else ""
            wanted = wanted or f"at most {item['at_most']}"
            shown = "not measured" if item["ci"] is None else f"{item['ci'][0]:.3g} to {item['ci'][1]:.3g}"
            reasons.append(f"{name}: {item['verdict']} ({shown}, wanted {wanted})")
    if comparison is not None:
        verdicts.append(comparison.verdict)
        reasons += comparison.reasons
    if not verdicts:
        return "inconclusive", ["nothing to hold it against: name a --baseline, or a floor (`at_least`)"]
    return next(item for item in _WORST if item in verdicts), reasons


_WORST: tuple[Verdict, ...] = ("fail", "inconclusive", "pass")


def _unfinished(table: RunTable) -> list[str]:
    return [] if table.run.state == "done" else ["the run did not measure every case"]


def _keep(parts: EvalParts, report: GateReport) -> None:
    fire(BEFORE_VERDICT)
    text = json.dumps(to_plain(report))
    edges = [lineage.Edge(source=report.run, target=report.id, activity="judged")]
    if report.baseline is not None:
        edges.append(lineage.Edge(source=report.baseline, target=report.id, activity="held_against"))

    def work(tx: Write) -> None:
        row = VerdictRow(
            report.id,
            report.suite,
            report.run,
            report.baseline,
            report.verdict,
            text,
            parts.actor,
            tx.now_us,
        )
        eval_runs.put_verdict(tx, row)
        lineage.link(tx, edges)

    parts.ledger.write(work)
