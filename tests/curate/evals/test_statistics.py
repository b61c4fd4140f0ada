"""The statistics of evals, held against other people's code and against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.curate.evals.statistics.effects import chance_unseen
from headrace.curate.evals.statistics.holm import holm
from headrace.curate.evals.statistics.paired import mean_effect, side_p, summary
from headrace.curate.evals.statistics.pass_fail import mid_p, newcombe, pass_fail_effect, score_p, tango
from headrace.curate.evals.statistics.quantiles import quantile, quantile_effect


def test_independent_cases_are_a_paired_t_test() -> None:
    from scipy import stats

    random = np.random.default_rng(1)
    before, after = random.random(40), random.random(40) + 0.1
    effect = mean_effect(after - before, np.arange(40))
    known = stats.ttest_rel(after, before)
    low, high = known.confidence_interval(0.95)
    assert effect.p == pytest.approx(known.pvalue)
    assert [effect.low, effect.high] == pytest.approx([low, high])
    assert side_p(effect, 0.0) == pytest.approx(stats.ttest_rel(after, before, alternative="less").pvalue)


def test_groups_are_cluster_robust_as_in_statsmodels() -> None:
    import statsmodels.api as sm

    random = np.random.default_rng(2)
    groups = random.integers(0, 12, 90)
    groups = np.unique(groups, return_inverse=True)[1]
    differences = random.normal(size=90) * 0.1 + random.normal(size=12)[groups] * 0.2
    effect = mean_effect(differences, groups)
    fitted = sm.OLS(differences, np.ones(90)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "df_correction": True}, use_t=True
    )
    low, high = fitted.conf_int()[0]
    assert effect.error == pytest.approx(float(fitted.bse[0]))
    assert effect.p == pytest.approx(float(fitted.pvalues[0]))
    assert [effect.low, effect.high] == pytest.approx([low, high])
    assert effect.high - effect.low > 1.5 * (lambda e: e.high - e.low)(
        mean_effect(differences, np.arange(90))
    )


@settings(max_examples=25)
@given(gained=st.integers(0, 20), lost=st.integers(0, 20))
def test_mid_p_is_the_exact_test_without_half_of_the_point(gained: int, lost: int) -> None:
    from scipy import stats
    from statsmodels.stats.contingency_tables import mcnemar

    exact = mcnemar([[5, lost], [gained, 5]], exact=True).pvalue if gained + lost else 1.0
    total, least = gained + lost, min(gained, lost)
    point = float(stats.binom.pmf(least, total, 0.5))
    expected = 1.0 if gained == lost else float(exact) - point
    assert mid_p(gained, lost) == pytest.approx(expected)


def test_mid_p_of_the_published_example() -> None:
    assert mid_p(1, 7) == pytest.approx(0.0391, abs=5e-5)  # Fagerland, Lydersen and Laake (2013): AHR


@settings(max_examples=20)
@given(gained=st.integers(0, 15), lost=st.integers(0, 15), rest=st.integers(1, 60))
def test_tango_inverts_its_score_test(gained: int, lost: int, rest: int) -> None:
    """At the ends of the interval the score, with rates that maximise the likelihood, is 1.96."""
    from scipy.optimize import minimize_scalar

    count = gained + lost + rest
    low, high = tango(gained, lost, count)
    assert -1 <= low <= (gained - lost) / count <= high <= 1
    for bound in (low, high):
        if abs(bound) > 0.999:
            continue

        def minus_likelihood(rate: float, bound: float = bound) -> float:
            up, both = rate + bound, 1 - 2 * rate - bound
            parts = ((gained, up), (lost, rate), (rest, both))
            return -sum(n * math.log(max(p, 1e-300)) for n, p in parts if n)

        least, most = max(0.0, -bound), (1 - bound) / 2
        best = minimize_scalar(
            minus_likelihood, bounds=(least, most), method="bounded", options={"xatol": 1e-12}
        ).x
        variance = count * (2 * best + bound - bound * bound)
        score = (gained - lost - count * bound) / math.sqrt(variance)
        assert abs(score) == pytest.approx(1.959964, abs=5e-3)


def test_intervals_of_the_published_example() -> None:
    """Newcombe (1998), paired data, 36 + 12 + 2 + 0 cases: method 10 gives 0.0569 to 0.3404."""
    low, high = newcombe(36, 12, 2, 50)
    assert [low, high] == pytest.approx([0.0569, 0.3404], abs=2e-3)
    near = tango(12, 2, 50)
    assert list(near) == pytest.approx([low, high], abs=0.02)


def test_nothing_changed_is_no_certainty() -> None:
    same = np.ones(50)
    effect = pass_fail_effect(same, same)
    assert effect.low == pytest.approx(-chance_unseen(50), abs=0.01)
    assert effect.p == 1.0
    alike = mean_effect(np.zeros(50), np.arange(50) // 5, unit=True)
    assert alike.low == pytest.approx(-chance_unseen(10))
    assert score_p(0, 0, 50, -0.03) > 0.5


def test_the_rule_of_three() -> None:
    assert chance_unseen(100, alpha=0.05) == pytest.approx(3 / 100, rel=0.03)
    assert chance_unseen(0) == 1.0


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_the_quick_bootstrap_is_that_of_whole_cases(share: float) -> None:
    random = np.random.default_rng(3)
    before = random.lognormal(5, 0.5, 1500)
    after = before * random.lognormal(0.02, 0.2, 1500)
    quick = quantile_effect(before, after, np.arange(1500), share=share, seed=7, draws=4000)
    drawn = np.empty(4000)
    for draw in range(4000):
        chosen = random.integers(0, 1500, 1500)
        drawn[draw] = quantile(after[chosen], share) - quantile(before[chosen], share)
    low, high = np.quantile(drawn, [0.025, 0.975])
    spread = float(drawn.std())
    assert quick.error == pytest.approx(spread, rel=0.08)
    assert quick.low == pytest.approx(low, abs=0.25 * spread)
    assert quick.high == pytest.approx(high, abs=0.25 * spread)


def test_resampled_groups_spread_more_than_single_cases() -> None:
    random = np.random.default_rng(4)
    groups = np.repeat(np.arange(40), 25)
    before = random.lognormal(5, 0.3, 1000)
    after = before * np.repeat(random.lognormal(0, 0.3, 40), 25)
    whole = quantile_effect(before, after, groups, share=0.5, seed=1, draws=1000)
    single = quantile_effect(before, after, np.arange(1000), share=0.5, seed=1, draws=1000)
    assert whole.error > 1.5 * single.error


def test_the_bootstrap_is_seeded() -> None:
    values = np.random.default_rng(5).random((2, 60))
    first, second = (
        quantile_effect(values[0], values[1], np.arange(60), share=0.95, seed=11, draws=500) for _ in range(2)
    )
    assert first == second


def test_holm_as_in_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    values = [0.001, 0.04, 0.03, 0.2, 0.011]
    adjusted = holm({str(place): value for place, value in enumerate(values)})
    known = multipletests(values, method="holm")[1]
    assert [adjusted[str(place)] for place in range(5)] == pytest.approx(list(known))


def test_a_mean_and_its_interval() -> None:
    from scipy import stats

    values = np.random.default_rng(6).random(30)
    mean, low, high = summary(values, np.arange(30))
    known = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (mean, low, high) == pytest.approx((values.mean(), known.low, known.high))


def test_too_few_cases_say_nothing() -> None:
    effect = mean_effect(np.array([0.3]), np.array([0]))
    assert effect.p is None
    assert (effect.low, effect.high) == (-math.inf, math.inf)
