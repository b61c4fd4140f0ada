"""P10: an eval gate raises its stated share of false alarms, and sees what it says it could have seen."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from headrace.curate.evals.comparing import compare_tables
from headrace.curate.evals.suite import MetricGate
from headrace.curate.evals.table import Metric, RunTable
from headrace.ledger.eval_runs import RunRow
from headrace.records.evals import RunComparison

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Make = Callable[[np.random.Generator, float], tuple[Floats, Floats, list[str | None]]]


def table(values: Floats, *, groups: list[str | None] | None = None, name: str = "run") -> RunTable:
    """A run with one metric."""
    count = len(values)
    settings = {"scorers": [{"name": "good", "version": "1", "unit": True, "binary": True}], "pass_at": {}}
    run = RunRow(
        name, "suite", None, None, "t", "t", "{}", json.dumps(settings), "done", 1, 0, 0, None, None, 0, 0, ""
    )
    return RunTable(
        run=run,
        keys=[f"case-{number}" for number in range(count)],
        case_ids=[""] * count,
        facts=[{"group": group} for group in groups or [None] * count],
        metrics=[Metric(name="good", unit=True, binary=True)],
        values={"good": values},
        unmeasured={"good": [0] * count},
        spread={"good": np.full(count, np.nan)},
        latency=np.full(count, np.nan),
        errors=[0] * count,
        outputs=[[f"{name}-{number}"] for number in range(count)],
        scores=[[{}]] * count,
    )


def compared(
    before: Floats, after: Floats, groups: list[str | None], *, margin: float = 0.0
) -> RunComparison:
    """What the gate says."""
    return compare_tables(
        table(before, groups=groups, name="a"),
        table(after, groups=groups, name="b"),
        gates={"good": MetricGate(margin=margin)},
    )


def pass_fail(random: np.random.Generator, effect: float) -> tuple[Floats, Floats, list[str | None]]:
    """200 independent cases, 20 % of which flip; `effect` more of them to failure."""
    draw = random.random(200)
    lost, gained = 0.1 + effect / 2, 0.1 - effect / 2
    before = (draw < 0.6).astype(float)
    after = before.copy()
    after[draw < lost] = 0.0
    after[draw > 1 - gained] = 1.0
    return before, after, [None] * 200


def grouped(random: np.random.Generator, effect: float) -> tuple[Floats, Floats, list[str | None]]:
    """40 conversations of 1 to 9 turns; the turns of one rise and fall together."""
    sizes = random.integers(1, 10, 40)
    groups = np.repeat(np.arange(40), sizes)
    shared = random.normal(0, 0.08, 40)[groups]
    before = np.clip(0.5 + random.normal(0, 0.1, len(groups)), 0, 1)
    after = np.clip(before - effect + shared + random.normal(0, 0.1, len(groups)), 0, 1)
    return before, after, [f"c{group}" for group in groups]


def alarms(make: Make, draws: int, *, effect: float = 0.0, seed: int = 1) -> float:
    """How often "no difference" is rejected at 5 %."""
    random = np.random.default_rng(seed)
    found = 0
    for _ in range(draws):
        comparison = compared(*make(random, effect))
        p = comparison.metrics["good"].p
        found += p is not None and p < 0.05
    return found / draws


@pytest.mark.parametrize("make", [pass_fail, grouped])
def test_equal_systems_differ_in_one_comparison_of_twenty(make: Make) -> None:
    rate = alarms(make, 250)
    print(f"{make.__name__}: false alarms {rate:.3f} of 0.05")
    assert 0.008 <= rate <= 0.092  # 250 draws: 0.05 ± 3 standard errors


@pytest.mark.soak
@pytest.mark.parametrize("make", [pass_fail, grouped])
def test_so_it_is_in_many_more_draws(make: Make) -> None:
    rate = alarms(make, 8000, seed=2)
    print(f"{make.__name__}: false alarms {rate:.4f} of 0.05")
    assert 0.035 <= rate <= 0.062


@pytest.mark.parametrize("make", [pass_fail, grouped])
def test_the_detectable_effect_is_seen_four_times_of_five(make: Make) -> None:
    detectable = np.median(
        [
            compared(*make(np.random.default_rng(seed), 0.0)).metrics["good"].detectable or 0.0
            for seed in range(10)
        ]
    )
    power = alarms(make, 160, effect=float(detectable), seed=3)
    print(f"{make.__name__}: detectable {detectable:.3f}, power there {power:.2f} of 0.80")
    assert 0.68 <= power <= 0.95


def test_at_the_margin_itself_nothing_fails_and_nothing_passes_too_often() -> None:
    """Exactly as bad as is allowed: either verdict would be an error, and each has 2.5 % of them."""
    random = np.random.default_rng(4)
    verdicts = Counter(
        compared(*pass_fail(random, 0.08), margin=0.08).metrics["good"].verdict for _ in range(250)
    )
    print(dict(verdicts))
    assert verdicts["fail"] / 250 <= 0.06
    assert verdicts["pass"] / 250 <= 0.06
    assert verdicts["inconclusive"] / 250 >= 0.88


def test_taking_turns_for_independent_would_alarm_far_too_often() -> None:
    """What the groups are for: the same data without them."""

    def alone(random: np.random.Generator, effect: float) -> tuple[Floats, Floats, list[str | None]]:
        before, after, _ = grouped(random, effect)
        return before, after, [None] * len(before)

    assert alarms(alone, 100) > 0.12


def test_many_slices_do_not_add_up_to_an_alarm() -> None:
    """Twenty slices of equal systems: in 50 comparisons a slice fails in about one, not in 20."""
    random = np.random.default_rng(5)
    found = 0
    for _ in range(50):
        before, after, _ = pass_fail(random, 0.0)
        a, b = table(before, name="a"), table(after, name="b")
        facts = [{"group": None, "tags": [f"slice-{number % 20}"]} for number in range(200)]
        a, b = (dataclasses.replace(side, facts=facts) for side in (a, b))
        comparison = compare_tables(a, b, margins={"good": 0.0})
        found += any(item.verdict == "fail" for items in comparison.slices.values() for item in items)
    assert found <= 6


def test_a_small_set_says_that_it_cannot_tell() -> None:
    before = np.array([1.0] * 28 + [0.0] * 22)
    after = np.array([1.0] * 27 + [0.0] * 23)
    comparison = compared(before, after, [None] * 50, margin=0.03)
    assert comparison.verdict == "inconclusive"
    assert "takes about" in comparison.reasons[0]
    detectable = comparison.metrics["good"].detectable
    assert detectable is not None
    assert detectable > 0.03
