"""The results of a run as columns: one number for each case and metric, its repeats averaged first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.ledger.eval_runs import ResultRow, RunRow, settings_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headrace.curate.evals.statistics.effects import Codes, Floats

LATENCIES = {"latency_p50_ms": 0.5, "latency_p95_ms": 0.95}
"""Metrics that every run has, and the quantile they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What is known of a metric beside its numbers."""

    name: str
    unit: bool
    """Whether it lies in 0…1."""
    binary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTable:
    """One run."""

    run: RunRow
    keys: Sequence[str]
    """Cases in order."""
    case_ids: Sequence[str]
    facts: Sequence[Mapping[str, Any]]
    metrics: Sequence[Metric]
    values: Mapping[str, Floats]
    """Metric to the mean of each case; NaN where no repeat was measured."""
    unmeasured: Mapping[str, Sequence[int]]
    """Metric to the outputs of each case without a measurement."""
    spread: Mapping[str, Floats]
    """Metric to the variance between repeats of each case; NaN with fewer than two."""
    latency: Floats
    """Mean of each case; NaN where it is not known."""
    errors: Sequence[int]
    """Outputs of each case that the target failed to give."""
    outputs: Sequence[Sequence[str]]
    """Keys of the outputs of each case."""
    scores: Sequence[Sequence[Mapping[str, Any]]]
    """Scores of each output of each case."""

    def where(self, **facts: Any) -> NDArray[np.bool_]:
        """Which cases have these facts."""
        import numpy as np

        return np.array([all(item.get(k) == v for k, v in facts.items()) for item in self.facts], dtype=bool)

    def groups(self) -> Codes:
        """A number for each case: the same for those that belong together."""
        import numpy as np

        names = [
            f"g/{facts['group']}" if facts.get("group") is not None else f"k/{key}"
            for key, facts in zip(self.keys, self.facts, strict=True)
        ]
        return np.asarray(np.unique(np.array(names, dtype=object), return_inverse=True)[1], dtype=np.int64)


def table_of(run: RunRow, results: Sequence[ResultRow]) -> RunTable:
    """Put the rows of a run, in the order of their cases, into columns."""
    import numpy as np

    cases: dict[str, list[ResultRow]] = {}
    for row in results:
        cases.setdefault(row.key, []).append(row)
    settings = settings_of(run)
    metrics = [
        Metric(name=item["name"], unit=bool(item["unit"]), binary=bool(item["binary"]))
        for item in settings["scorers"]
    ]
    # One text and one parse: ten thousand small ones take five times as long.
    scores_of = iter(json.loads(f"[{','.join(row.scores for rows in cases.values() for row in rows)}]"))
    parsed = [[next(scores_of) for _ in rows] for rows in cases.values()]
    known_facts = {text: json.loads(text) for text in {rows[0].facts for rows in cases.values()}}
    values, unmeasured, spread = {}, {}, {}
    for metric in metrics:
        means = np.full(len(cases), np.nan)
        variances = np.full(len(cases), np.nan)
        missing = []
        for place, (rows, scores) in enumerate(zip(cases.values(), parsed, strict=True)):
            found = [
                item[metric.name][0]
                for item in scores
                if metric.name in item and item[metric.name][0] is not None
            ]
            missing.append(len(rows) - len(found))
            if found:
                means[place] = sum(found) / len(found)
            if len(found) > 1:
                variances[place] = float(np.var(found, ddof=1))
        values[metric.name], unmeasured[metric.name], spread[metric.name] = means, missing, variances
    return RunTable(
        run=run,
        keys=list(cases),
        case_ids=[rows[0].case_id for rows in cases.values()],
        facts=[known_facts[rows[0].facts] for rows in cases.values()],
        metrics=metrics,
        values=values,
        unmeasured=unmeasured,
        spread=spread,
        latency=np.array([_mean([row.latency_ms for row in rows]) for rows in cases.values()], dtype=float),
        errors=[sum(row.error is not None for row in rows) for rows in cases.values()],
        outputs=[[row.output_key for row in rows if row.error is None] for rows in cases.values()],
        scores=parsed,
    )


def _mean(values: Sequence[float | None]) -> float:
    found = [value for value in values if value is not None]
    return sum(found) / len(found) if found else float("nan")
