"""The label model is Bayes' rule, and audits of a random sample give back the true rates."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.observe.signals.label_model import (
    AUDITS_NEEDED,
    PRIOR,
    Audited,
    LabelModel,
    Rates,
    fit,
)
from headrace.observe.signals.votes import OPPOSITES, VOTES

NAMES = [name for name in VOTES if name not in OPPOSITES]
RATE = st.floats(0.001, 0.999)


@given(
    prior=RATE,
    rates=st.lists(st.tuples(RATE, RATE), min_size=1, max_size=6),
    bits=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_it_is_bayes_rule(prior: float, rates: list[tuple[float, float]], bits: list[bool]) -> None:
    model = LabelModel(prior, {name: Rates(*pair) for name, pair in zip(NAMES, rates, strict=False)})
    seen = dict(zip(model.rates, bits, strict=False))
    joint = {}
    for bad in (True, False):
        joint[bad] = prior if bad else 1 - prior
        for name, vote in seen.items():
            rate = model.rates[name].when_bad if bad else model.rates[name].when_good
            joint[bad] *= rate if vote else 1 - rate
    assert model.p_bad(seen) == pytest.approx(joint[True] / (joint[True] + joint[False]), rel=1e-9)


@given(prior=RATE, pair=st.tuples(RATE, RATE))
def test_what_could_not_be_seen_says_nothing_and_all_outcomes_average_to_the_prior(
    prior: float, pair: tuple[float, float]
) -> None:
    model = LabelModel(prior, {"report": Rates(*pair)})
    assert model.p_bad({}) == pytest.approx(prior)
    seen = prior * pair[0] + (1 - prior) * pair[1]
    average = seen * model.p_bad({"report": True}) + (1 - seen) * model.p_bad({"report": False})
    assert average == pytest.approx(prior)


def test_of_two_sides_only_the_chosen_one_counts() -> None:
    model = fit([])
    both = {"thumbs_down": True, "thumbs_up": False}
    assert model.p_bad(both) == model.p_bad({"thumbs_down": True}) > 0.7
    assert model.p_bad({"thumbs_up": True, "thumbs_down": False}) < PRIOR < model.p_bad(both)


def test_without_audits_it_says_so() -> None:
    assert (fit([]).prior, fit([]).calibrated, fit([]).needed) == (PRIOR, False, AUDITS_NEEDED)
    few = fit([Audited({}, bad) for bad in [True] * 3 + [False] * 26])
    assert (few.calibrated, few.needed) == (False, 1)
    assert fit([Audited({}, bad) for bad in [True] * 3 + [False] * 27]).calibrated
    one_sided = fit([Audited({}, False)] * 500)
    assert (one_sided.calibrated, one_sided.needed) == (False, 3)


TRUE_RATES = {
    "thumbs_down": (0.12, 0.004),
    "rephrase": (0.5, 0.08),
    "copy": (0.05, 0.35),
    "retry": (0.2, 0.06),
}


def _world(number: int, *, base: float, seed: int) -> list[tuple[bool, dict[str, bool]]]:
    draw = random.Random(seed)
    made = []
    for _ in range(number):
        bad = draw.random() < base
        made.append((bad, {name: draw.random() < pair[not bad] for name, pair in TRUE_RATES.items()}))
    return made


def test_an_audited_sample_gives_back_the_true_rates() -> None:
    world = _world(40_000, base=0.3, seed=7)
    audited = [Audited(votes, bad, 0.1) for bad, votes in random.Random(1).sample(world, 4000)]
    model = fit(audited)
    assert model.prior == pytest.approx(0.3, abs=0.03)
    for name, (when_bad, when_good) in TRUE_RATES.items():
        assert model.rates[name].when_bad == pytest.approx(when_bad, abs=0.04)
        assert model.rates[name].when_good == pytest.approx(when_good, abs=0.02)
    # Calibrated: among answers of about the same P(bad), about that share is bad.
    scored = sorted(((model.p_bad(votes), bad) for bad, votes in world), key=lambda item: item[0])
    for part in _parts(scored, 8000):
        said = math.fsum(p for p, _ in part) / len(part)
        assert said == pytest.approx(sum(bad for _, bad in part) / len(part), abs=0.05)


def _parts(items: list[tuple[float, bool]], size: int) -> list[list[tuple[float, bool]]]:
    return [items[at : at + size] for at in range(0, len(items), size)]


def test_audits_drawn_with_unequal_chances_give_the_same_answer() -> None:
    world = _world(30_000, base=0.2, seed=3)
    draw = random.Random(2)
    audited = []
    for bad, votes in world:
        chance = 0.5 if votes["rephrase"] else 0.05  # whoever looks where it hurts finds more that is bad
        if draw.random() < chance:
            audited.append(Audited(votes, bad, chance))
    naive = sum(item.bad for item in audited) / len(audited)
    assert naive > 0.35
    model = fit(audited)
    assert model.prior == pytest.approx(0.2, abs=0.03)
    assert model.rates["rephrase"].when_bad == pytest.approx(0.5, abs=0.06)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0.01, 1.0)), max_size=40))
def test_rates_stay_between_their_ends(items: list[tuple[bool, bool, float]]) -> None:
    model = fit([Audited({"report": seen}, bad, chance) for bad, seen, chance in items])
    for rates in model.rates.values():
        assert 0 < rates.when_bad < 1
        assert 0 < rates.when_good < 1
    assert 0 < model.p_bad({"report": True}) < 1
