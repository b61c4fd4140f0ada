"""What a run found, made from its rows each time it is shown, so that nothing is only remembered."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace.curate.evals.base import Scorer
from headrace.curate.evals.executing import passes
from headrace.curate.evals.outputs import from_text, measure
from headrace.curate.evals.parts import EvalParts
from headrace.curate.evals.scorers.building import scorer_id
from headrace.curate.evals.statistics.effects import ALPHA, chance_unseen
from headrace.curate.evals.statistics.paired import summary
from headrace.curate.evals.statistics.quantiles import quantile
from headrace.curate.evals.table import RunTable, table_of
from headrace.errors import NotFoundError
from headrace.ledger import eval_runs, golden
from headrace.ledger.eval_runs import settings_of
from headrace.records.evals import EvalRun, MetricSummary, MustPass
from headrace.records.times import rfc3339

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import Connection


def load(conn: Connection, name: str) -> RunTable:
    """A run as columns. Raises NotFoundError."""
    run = eval_runs.run(conn, name)
    if run is None:
        known = [row.id for row in eval_runs.runs(conn, limit=12)]
        raise NotFoundError("eval run", name, known=known, hint="`headrace eval list` names them.")
    return table_of(run, eval_runs.results(conn, name))


def report(parts: EvalParts, name: str) -> EvalRun:
    """One run. Raises NotFoundError."""
    with parts.ledger.read() as conn:
        table = load(conn, name)
        outputs = _texts(conn, table) if table.run.repeats > 1 else {}
    return report_of(table, outputs)


def report_of(table: RunTable, outputs: Mapping[str, str]) -> EvalRun:
    """The record of a run."""
    run, counted = table.run, counted_cases(table)
    settings = settings_of(run)
    return EvalRun(
        run=run.id,
        suite=run.suite,
        golden=run.golden,
        version=run.version,
        target=run.target,
        identity=json.loads(run.identity),
        state=run.state,  # type: ignore[arg-type]  # only these are written
        scorers=tuple(f"{item['name']}@{item['version']}" for item in settings["scorers"]),
        repeats=run.repeats,
        started_at=rfc3339(run.started_at_us),
        cases=int(counted.sum()),
        outputs=sum(map(len, table.outputs)),
        errors=sum(table.errors),
        cached=run.cached,
        tokens=run.tokens,
        cost=run.cost_micro,
        currency=run.currency,
        metrics=summaries(table, counted),
        parts=_parts(table, counted),
        must_pass=must_pass(table),
        consistency=_consistency(table, outputs),
        latency_ms=latencies(table, counted),
        warnings=tuple(_warnings(table, counted)),
    )


def counted_cases(table: RunTable) -> NDArray[np.bool_]:
    """Cases that count: all but flaky ones."""
    return ~table.where(state="flaky")


def summaries(table: RunTable, chosen: NDArray[np.bool_]) -> dict[str, MetricSummary]:
    """Each metric over some cases."""
    import numpy as np

    groups = table.groups()
    found = {}
    for metric in table.metrics:
        values = table.values[metric.name]
        there = chosen & ~np.isnan(values)
        missing = int(np.array(table.unmeasured[metric.name])[chosen].sum()) if len(chosen) else 0
        spread = table.spread[metric.name][chosen]
        spread = spread[~np.isnan(spread)]
        mean = low = high = None
        if there.any():
            codes = np.unique(groups[there], return_inverse=True)[1]
            mean, low, high = summary(values[there], codes, unit=metric.unit)
        known = low is not None and high is not None and math.isfinite(low) and math.isfinite(high)
        found[metric.name] = MetricSummary(
            mean=_rounded(mean),
            ci=(round(low, 6), round(high, 6)) if known and low is not None and high is not None else None,
            n=int(there.sum()),
            unmeasured=missing,
            repeat_sd=_rounded(math.sqrt(float(spread.mean()))) if len(spread) else None,
        )
    return found


def must_pass(table: RunTable, *, quarantined: Sequence[str] = ()) -> MustPass | None:
    """How the cases fared that must pass; None where there is none."""
    settings = settings_of(table.run)
    binary = [metric.name for metric in table.metrics if metric.binary]
    failed: list[str] = []
    flaky: list[str] = []
    unknown: list[str] = []
    outputs = cases = 0
    for key, facts, scores in zip(table.keys, table.facts, table.scores, strict=True):
        if not facts.get("must_pass") or facts.get("state") == "flaky" or key in quarantined:
            continue
        cases += 1
        seen = [value for item in scores if (value := passes(item, binary, settings["pass_at"])) is not None]
        outputs += len(seen)
        if not seen:
            unknown.append(key)
        elif not all(seen):
            (failed if sum(seen) * 2 < len(seen) or not any(seen) else flaky).append(key)
    if not cases:
        return None
    clear = not failed and not flaky and outputs
    return MustPass(
        cases=cases,
        failed=tuple(failed),
        flaky=tuple(flaky),
        unknown=tuple(unknown),
        failure_bound=round(chance_unseen(outputs, alpha=ALPHA), 6) if clear else None,
    )


def latencies(table: RunTable, chosen: NDArray[np.bool_]) -> dict[str, float]:
    """p50 and p95 of what is known."""
    import numpy as np

    known = table.latency[chosen & ~np.isnan(table.latency)]
    if not len(known):
        return {}
    return {name: round(quantile(known, share), 3) for name, share in (("p50", 0.5), ("p95", 0.95))}


def recompute(parts: EvalParts, name: str, scorers: Sequence[Scorer] | None) -> EvalRun:
    """A run, with its stored outputs scored again where that costs nothing, and what differs.

    Judgements are taken as they were stored. Without `scorers`, those of imported runs, only the metrics are
    computed again.
    """
    with parts.ledger.read() as conn:
        table = load(conn, name)
        rows = eval_runs.results(conn, name)
        outputs = eval_runs.outputs(conn, (row.output_key for row in rows))
        contents = golden.contents(conn, (row.case_id for row in rows))
    settings = settings_of(table.run)
    known = {scorer_id(item): item for item in scorers or ()}
    names = [f"{item['name']}@{item['version']}" for item in settings["scorers"]]
    again = [known[item] for item in names if item in known and not known[item].costs]
    differing: list[str] = []
    checked = gone = redacted = 0
    for row in rows:
        if row.error is not None:
            continue
        output, content = outputs.get(row.output_key), contents.get(row.case_id)
        if output is None or content is None:
            gone += 1
            continue
        stored = json.loads(row.scores)
        reply = from_text(output.reply)
        if reply.facts.get("redacted"):
            redacted += 1  # it was scored before personal data was taken out of it
            continue
        for scorer in again:
            checked += 1
            value = measure(scorer, content.inputs, content.expected, reply).value
            if value != stored[scorer.name][0]:
                differing.append(f"{row.key} {scorer.name}")
    found = report_of(table, _texts_of(table, outputs))
    facts = {
        "scores": checked,
        "differing": differing[:20],
        "without_output": gone,
        "redacted": redacted,
        "not_scored_again": [item for item in names if item not in map(scorer_id, again)],
    }
    return replace(found, recomputed=facts)


def _parts(table: RunTable, counted: NDArray[np.bool_]) -> dict[str, dict[str, MetricSummary]]:
    names = sorted({str(facts.get("part")) for facts in table.facts if facts.get("part")})
    if names in ([], ["anchor"]):
        return {}
    found = {name: summaries(table, counted & table.where(part=name)) for name in names}
    if "failures" in names:
        for half in ("dev", "held_out"):
            chosen = counted & table.where(part="failures", half=half)
            if chosen.any():
                found[f"failures/{half}"] = summaries(table, chosen)
    return found


def _consistency(table: RunTable, outputs: Mapping[str, str]) -> float | None:
    shares = []
    for keys in table.outputs:
        texts = [json.dumps(json.loads(outputs[key])["output"]) for key in keys if key in outputs]
        if len(texts) > 1:
            shares.append(Counter(texts).most_common(1)[0][1] / len(texts))
    return round(sum(shares) / len(shares), 6) if shares else None


def _texts(conn: Connection, table: RunTable) -> dict[str, str]:
    return _texts_of(table, eval_runs.outputs(conn, (key for keys in table.outputs for key in keys)))


def _texts_of(table: RunTable, outputs: Mapping[str, Any]) -> dict[str, str]:
    return {key: outputs[key].reply for keys in table.outputs for key in keys if key in outputs}


def _warnings(table: RunTable, counted: NDArray[np.bool_]) -> list[str]:
    found = []
    if table.run.state == "budget":
        found.append("The budget was reached: the same command goes on with a larger one.")
    if table.run.state == "running":
        found.append("It is not over: if nobody runs it now, the same command goes on.")
    if errors := sum(table.errors):
        found.append(f"The target gave no answer {errors} times: these are not measured.")
    for metric in table.metrics:
        missing = sum(table.unmeasured[metric.name]) - sum(table.errors)
        if missing > 0:
            found.append(f"{metric.name}: {missing} outputs are not measured.")
    flaky = int((~counted).sum())
    if flaky:
        found.append(f"{flaky} flaky cases were run and do not count.")
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
