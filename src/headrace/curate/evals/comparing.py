"""Hold one run against another: paired by case, robust against groups, and plain about what it cannot see."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from headrace.curate.evals.statistics.effects import ALPHA, Effect
from headrace.curate.evals.statistics.holm import holm
from headrace.curate.evals.statistics.paired import mean_effect, side_p
from headrace.curate.evals.statistics.pass_fail import pass_fail_effect, score_p
from headrace.curate.evals.statistics.quantiles import DRAWS, quantile, quantile_effect
from headrace.curate.evals.suite import MetricGate
from headrace.curate.evals.table import LATENCIES, Metric, RunTable
from headrace.errors import UsageError
from headrace.records.evals import MetricComparison, RunComparison, SliceComparison, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headrace.curate.evals.statistics.effects import Codes, Floats

UNIT_MARGIN = 0.03
"""Of a metric in 0…1, where nothing else is said: three points in a hundred."""
SHARE_MARGIN = 0.1
"""Of any other: this share of what it was before."""
SEED = 20_260_101
"""Of the bootstrap, so that the same runs give the same verdict."""
LEAST_SLICE = 5
"""Cases below which a slice is not looked at."""
_LOWER = ("latency", "cost", "tokens", "seconds", "errors")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """The cases of both runs, side by side."""

    a: RunTable
    b: RunTable
    places_a: NDArray[np.int64]
    places_b: NDArray[np.int64]
    groups: Codes


def compare_tables(
    a: RunTable,
    b: RunTable,
    *,
    gates: Mapping[str, MetricGate] | None = None,
    margins: Mapping[str, float] | None = None,
    draws: int = DRAWS,
) -> RunComparison:
    """Whether run b may stand in for run a. Raises UsageError where they have no case in common."""
    gates = gates or {}
    pair, counts = _paired(a, b)
    both = [metric for metric in b.metrics if metric.name in a.values]
    _check_names([*(margins or {}), *gates], [metric.name for metric in both])
    metrics = {
        metric.name: _metric(pair, metric, gates.get(metric.name), margins or {}, bool(gates))
        for metric in both
    }
    for name, share in LATENCIES.items():
        compared = _latency(pair, name, share, gates.get(name), margins or {}, draws)
        if compared is not None:
            metrics[name] = compared
    if _same_outputs(pair):
        metrics = {name: _unchanged(item) for name, item in metrics.items()}
    slices = _slices(pair, both, metrics)
    verdict, reasons = _judge(metrics, slices)
    return RunComparison(
        a=a.run.id,
        b=b.run.id,
        metrics=metrics,
        slices=slices,
        verdict=verdict,
        reasons=reasons,
        cases=len(pair.places_a),
        only_a=counts["only_a"],
        only_b=counts["only_b"],
        changed=counts["changed"],
        quarantined=counts["flaky"],
        warnings=tuple(_warnings(a, b, metrics)),
    )


def _paired(a: RunTable, b: RunTable) -> tuple[_Pair, Counter[str]]:
    import numpy as np

    places = {key: place for place, key in enumerate(a.keys)}
    counts: Counter[str] = Counter(only_a=0, only_b=0, changed=0, flaky=0)
    chosen = []
    for place, key in enumerate(b.keys):
        if key not in places:
            counts["only_b"] += 1
            continue
        other = places[key]
        ids = a.case_ids[other], b.case_ids[place]
        if all(ids) and ids[0] != ids[1]:
            counts["changed"] += 1
        elif "flaky" in (a.facts[other].get("state"), b.facts[place].get("state")):
            counts["flaky"] += 1
        else:
            chosen.append((other, place))
    counts["only_a"] = len(a.keys) - (len(b.keys) - counts["only_b"])
    if not chosen:
        raise UsageError(
            f"Runs {a.run.id!r} and {b.run.id!r} have no case in common.",
            hint="Compare runs over the same golden set, or files with the same case keys.",
        )
    first, second = (np.array(side, dtype=np.int64) for side in zip(*chosen, strict=True))
    groups = b.groups()[second]
    if not any(facts.get("group") is not None for facts in b.facts):
        groups = a.groups()[first]
    codes = np.asarray(np.unique(groups, return_inverse=True)[1], dtype=np.int64)
    return _Pair(a=a, b=b, places_a=first, places_b=second, groups=codes), counts


def _same_outputs(pair: _Pair) -> bool:
    """Whether both runs hold the very same stored outputs: then nothing changed that could be judged."""
    return all(
        pair.b.outputs[second] and set(pair.a.outputs[first]) == set(pair.b.outputs[second])
        for first, second in zip(pair.places_a, pair.places_b, strict=True)
    )


def _unchanged(item: MetricComparison) -> MetricComparison:
    same = item.n > 0 and item.difference == 0
    return replace(item, verdict="pass", method="the same outputs in both runs") if same else item


def _metric(
    pair: _Pair, metric: Metric, gate: MetricGate | None, margins: Mapping[str, float], gated: bool
) -> MetricComparison:
    before, after, groups, dropped = _values(pair, metric.name)
    unit = metric.unit
    level = float(before.mean()) if len(before) else 0.0
    margin = _margin(metric.name, gate, margins, unit=unit, level=level)
    better = _better(metric.name, gate)
    decides = metric.name in margins or gate is not None or not gated
    if not len(before):
        asked_for = gate is not None or metric.name in margins
        return _nothing(margin, better, decides and (asked_for or _in_one(pair, metric.name)), dropped)
    effect = effect_of(before, after, groups, unit=unit)
    return _compared(
        effect, (level, float(after.mean())), margin, better, decides, n=len(before), dropped=dropped
    )


def _in_one(pair: _Pair, name: str) -> bool:
    """Whether one of the runs measured it at all: a metric that fits none of the cases says nothing."""
    import numpy as np

    return not (np.isnan(pair.a.values[name]).all() and np.isnan(pair.b.values[name]).all())


def effect_of(before: Floats, after: Floats, groups: Codes, *, unit: bool) -> Effect:
    """The difference of a mean: exact for pass and fail of independent cases, else t over groups."""
    import numpy as np

    alone = int(groups.max()) + 1 == len(groups)
    if unit and alone and np.isin(before, (0.0, 1.0)).all() and np.isin(after, (0.0, 1.0)).all():
        return pass_fail_effect(before, after)
    return mean_effect(after - before, groups, unit=unit)


def _latency(
    pair: _Pair,
    name: str,
    share: float,
    gate: MetricGate | None,
    margins: Mapping[str, float],
    draws: int,
) -> MetricComparison | None:
    import numpy as np

    before, after = pair.a.latency[pair.places_a], pair.b.latency[pair.places_b]
    known = ~np.isnan(before) & ~np.isnan(after)
    if known.sum() < 2:
        return None
    before, after = before[known], after[known]
    codes = np.unique(pair.groups[known], return_inverse=True)[1]
    level = quantile(before, share)
    margin = _margin(name, gate, margins, unit=False, level=level)
    effect = quantile_effect(before, after, codes, share=share, seed=SEED, draws=draws)
    sides = (level, quantile(after, share))
    decides = gate is not None or name in margins
    return _compared(
        effect,
        sides,
        margin,
        _better(name, gate),
        decides,
        n=int(known.sum()),
        dropped=int((~known).sum()),
    )


def _values(pair: _Pair, name: str) -> tuple[Floats, Floats, Codes, int]:
    import numpy as np

    before, after = pair.a.values[name][pair.places_a], pair.b.values[name][pair.places_b]
    known = ~np.isnan(before) & ~np.isnan(after)
    codes = np.asarray(np.unique(pair.groups[known], return_inverse=True)[1], dtype=np.int64)
    return before[known], after[known], codes, int((~known).sum())


def _margin(
    name: str, gate: MetricGate | None, margins: Mapping[str, float], *, unit: bool, level: float
) -> float:
    if name in margins:
        return margins[name]
    if gate is not None and gate.margin is not None:
        return gate.margin
    return UNIT_MARGIN if unit else SHARE_MARGIN * abs(level)


def _better(name: str, gate: MetricGate | None) -> Literal["higher", "lower"]:
    if gate is not None and gate.better is not None:
        return gate.better
    return "lower" if name.startswith(_LOWER) else "higher"


def verdict_of(effect: Effect, margin: float, *, lower_is_better: bool) -> Verdict:
    """Pass: the whole interval lies above minus the margin. Fail: it lies below. Else nobody can tell."""
    low, high = (-effect.high, -effect.low) if lower_is_better else (effect.low, effect.high)
    if low > -margin:
        return "pass"
    return "fail" if high < -margin else "inconclusive"


def _compared(
    effect: Effect,
    sides: tuple[float, float],
    margin: float,
    better: Literal["higher", "lower"],
    decides: bool,
    *,
    n: int,
    dropped: int,
) -> MetricComparison:
    known = math.isfinite(effect.low) and math.isfinite(effect.high)
    return MetricComparison(
        difference=round(effect.difference, 6),
        ci=(round(effect.low, 6), round(effect.high, 6)) if known else None,
        p=None if effect.p is None else _significant(effect.p),
        verdict=verdict_of(effect, margin, lower_is_better=better == "lower"),
        detectable=None if effect.detectable is None else round(effect.detectable, 6),
        margin=round(margin, 6),
        n=n,
        before=round(sides[0], 6),
        after=round(sides[1], 6),
        better=better,
        method=effect.method,
        decides=decides,
        dropped=dropped,
    )


def _nothing(
    margin: float, better: Literal["higher", "lower"], decides: bool, dropped: int
) -> MetricComparison:
    return MetricComparison(
        difference=None,
        ci=None,
        p=None,
        verdict="inconclusive",
        detectable=None,
        margin=margin,
        n=0,
        before=None,
        after=None,
        better=better,
        method="not measured in both",
        decides=decides,
        dropped=dropped,
    )


def _slices(
    pair: _Pair, both: Sequence[Metric], metrics: Mapping[str, MetricComparison]
) -> dict[str, tuple[SliceComparison, ...]]:
    """Each metric that decides in each slice; a slice has to fail beside all the others (Holm)."""
    import numpy as np

    members = _members(pair)
    found: dict[tuple[str, str], tuple[Effect, int]] = {}
    against: dict[tuple[str, str], float] = {}
    for metric in both:
        if not metrics[metric.name].decides or metrics[metric.name].n == 0:
            continue
        before = pair.a.values[metric.name][pair.places_a]
        after = pair.b.values[metric.name][pair.places_b]
        known = ~np.isnan(before) & ~np.isnan(after)
        for name, inside in members.items():
            chosen = known & inside
            if chosen.sum() < LEAST_SLICE or chosen.all():
                continue
            codes = np.unique(pair.groups[chosen], return_inverse=True)[1]
            effect = effect_of(before[chosen], after[chosen], codes, unit=metric.unit)
            side = _against(effect, before[chosen], after[chosen], metrics[metric.name])
            found[name, metric.name] = (effect, int(chosen.sum()))
            if side is not None:
                against[name, metric.name] = side
    adjusted = holm({"\0".join(key): value for key, value in against.items()})
    slices: dict[str, list[SliceComparison]] = {}
    for (name, metric_name), (effect, count) in found.items():
        p = adjusted.get(f"{name}\0{metric_name}")
        slices.setdefault(name, []).append(_slice(metric_name, effect, p, count, metrics[metric_name]))
    return {name: tuple(items) for name, items in sorted(slices.items())}


def _slice(
    name: str, effect: Effect, p: float | None, count: int, whole: MetricComparison
) -> SliceComparison:
    verdict = verdict_of(effect, whole.margin, lower_is_better=whole.better == "lower")
    if p is not None and p < ALPHA / 2:
        verdict = "fail"
    elif verdict == "fail":
        verdict = "inconclusive"  # by itself it would fail; beside so many slices that is no surprise
    return SliceComparison(
        metric=name,
        difference=round(effect.difference, 6),
        ci=(round(effect.low, 6), round(effect.high, 6)),
        p=None if p is None else _significant(p),
        verdict=verdict,
        n=count,
    )


def _against(effect: Effect, before: Floats, after: Floats, whole: MetricComparison) -> float | None:
    """One-sided p-value of "no worse than the margin"."""
    sign = -1.0 if whole.better == "lower" else 1.0
    if effect.method.startswith("McNemar"):
        gained, lost = int((after > before).sum()), int((after < before).sum())
        pair = (gained, lost) if sign > 0 else (lost, gained)
        return score_p(*pair, len(before), -whole.margin)
    if effect.error == 0:
        return 0.5 ** (effect.degrees + 1) if sign * effect.difference < -whole.margin else 1.0
    turned = effect._replace(difference=sign * effect.difference)
    return side_p(turned, -whole.margin)


def _members(pair: _Pair) -> dict[str, NDArray[np.bool_]]:
    """Slice to which of the paired cases lie in it: tags, parts, and the halves of failures."""
    import numpy as np

    names: dict[str, list[int]] = {}
    for place, other in enumerate(pair.places_b):
        facts = pair.b.facts[other] or {}
        for name in _names(facts) or _names(pair.a.facts[pair.places_a[place]]):
            names.setdefault(name, []).append(place)
    found = {}
    for name, places in names.items():
        inside = np.zeros(len(pair.places_b), dtype=bool)
        inside[places] = True
        found[name] = inside
    return found


def _names(facts: Mapping[str, object]) -> list[str]:
    tags = facts.get("tags")
    names = [str(tag) for tag in tags] if isinstance(tags, list) else []
    part = facts.get("part")
    if part:
        names.append(f"part:{part}")
    if part == "failures":
        names.append(f"part:failures/{facts.get('half')}")
    return names


def _judge(
    metrics: Mapping[str, MetricComparison], slices: Mapping[str, Sequence[SliceComparison]]
) -> tuple[Verdict, tuple[str, ...]]:
    deciding = {name: item for name, item in metrics.items() if item.decides}
    reasons = [
        f"{name}: {item.verdict}{_because(item)}" for name, item in deciding.items() if item.verdict != "pass"
    ]
    lost = [
        f"{name} in {tag}: fail ({item.difference:+.3g} over {item.n} cases)"
        for tag, items in slices.items()
        for item in items
        if item.verdict == "fail"
        for name in [item.metric]
    ]
    verdicts = {item.verdict for item in deciding.values()}
    if lost or "fail" in verdicts:
        return "fail", (*reasons, *lost)
    if "inconclusive" in verdicts or not deciding:
        return "inconclusive", tuple(reasons or ["no metric decides"])
    return "pass", ()


def _because(item: MetricComparison) -> str:
    if item.ci is None or item.difference is None:
        return f" ({item.n} cases are too few)"
    if item.verdict == "fail":
        return f" ({item.difference:+.3g}, 95 % {item.ci[0]:+.3g} to {item.ci[1]:+.3g})"
    said = f" (95 % {item.ci[0]:+.3g} to {item.ci[1]:+.3g}, margin {item.margin:.3g}"
    if item.detectable and item.margin > 0 and item.detectable > item.margin:
        needed = math.ceil(item.n * (item.detectable / item.margin) ** 2)
        said += f"; to see that much takes about {needed:,} cases, there are {item.n:,}"
    return said + ")"


def _warnings(a: RunTable, b: RunTable, metrics: Mapping[str, MetricComparison]) -> list[str]:
    found = []
    if a.run.id == b.run.id:
        found.append("Both are the same run.")
    versions = {
        name: (
            next(item["version"] for item in _scorers(a) if item["name"] == name),
            next(item["version"] for item in _scorers(b) if item["name"] == name),
        )
        for name in metrics
        if name not in LATENCIES
    }
    found += [f"{name} was scored in two versions." for name, pair in versions.items() if pair[0] != pair[1]]
    found += [
        f"{name}: {item.dropped} common cases are left out, as one run did not measure them."
        for name, item in metrics.items()
        if item.dropped and name not in LATENCIES
    ]
    found += [f"Run {side.run.id} is not over." for side in (a, b) if side.run.state != "done"]
    return found


def _scorers(table: RunTable) -> list[dict[str, str]]:
    from headrace.ledger.eval_runs import settings_of

    scorers: list[dict[str, str]] = settings_of(table.run)["scorers"]
    return scorers


def _check_names(given: Sequence[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known and name not in LATENCIES:
            listed = ", ".join([*known, *LATENCIES])
            raise UsageError(f"Both runs have no metric {name!r}. They have: {listed}.")


def _significant(p: float) -> float:
    return float(f"{p:.4g}")
