"""The label model: P(bad) of a trace out of everything that was seen, and not seen, of it.

Each vote is a noisy judge with two rates, P(seen | bad) and P(seen | good), and judges err independently
given the truth: the model of Dawid and Skene (1979), which with the truth known for an audited sample is
naive Bayes. The rates are posterior means under Beta priors, and so is the class prior; audits count by the
inverse of the probability with which they were drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from headrace.observe.signals.votes import OPPOSITES, VOTES

PRIOR = 0.15
"""P(bad) that is assumed before any audit…"""
PRIOR_AUDITS = 10.0
"""…as if so many audits stood behind it…"""
RATE_AUDITS = 10.0
"""…and behind each assumed rate, of each class."""
AUDITS_NEEDED = 30
"""Judged traces of a random sample, from which on the model counts as calibrated…"""
EACH_NEEDED = 3
"""…if there are as many of either verdict."""


@dataclass(frozen=True, slots=True)
class Audited:
    """A trace whose truth is known, from a random sample."""

    votes: Mapping[str, bool]
    bad: bool
    probability: float = 1.0
    """With which it was drawn."""


@dataclass(frozen=True, slots=True)
class Rates:
    """One vote: how often it is seen on bad and on good answers."""

    when_bad: float
    when_good: float
    audited_bad: int = 0
    audited_good: int = 0

    def weight(self, *, seen: bool) -> float:
        """What it adds to the log odds of bad."""
        if seen:
            return math.log(self.when_bad / self.when_good)
        return math.log1p(-self.when_bad) - math.log1p(-self.when_good)


@dataclass(frozen=True, slots=True)
class LabelModel:
    """A fitted model."""

    prior: float
    """P(bad) of a trace of which nothing is known."""
    rates: Mapping[str, Rates]
    audits: int = 0
    audits_bad: int = 0

    @property
    def calibrated(self) -> bool:
        """Whether enough audits stand behind it."""
        return self.needed == 0

    @property
    def needed(self) -> int:
        """Audits that are missing; one more than there are while a verdict is too rare."""
        rarest = min(self.audits_bad, self.audits - self.audits_bad)
        return max(AUDITS_NEEDED - self.audits, EACH_NEEDED - rarest, 0)

    def weights(self, votes: Mapping[str, bool]) -> dict[str, float]:
        """What each vote adds to the log odds of bad; the side that was not chosen adds nothing."""
        return {
            name: self.rates[name].weight(seen=seen)
            for name, seen in votes.items()
            if seen or not votes.get(OPPOSITES.get(name, ""))
        }

    def p_bad(self, votes: Mapping[str, bool]) -> float:
        """P(bad), 0 to 1, both ends excluded."""
        odds = math.log(self.prior) - math.log1p(-self.prior) + math.fsum(self.weights(votes).values())
        if odds >= 0:
            return 1.0 / (1.0 + math.exp(-odds))
        return math.exp(odds) / (1.0 + math.exp(odds))


def fit(audited: Sequence[Audited]) -> LabelModel:
    """Fit the model to a random sample of audited traces; without any it is what is assumed."""
    weights = _weights(audited)
    prior = _mean(
        PRIOR, PRIOR_AUDITS, ((weight, item.bad) for weight, item in zip(weights, audited, strict=True))
    )
    rates = {}
    for vote, assumed in VOTES.items():
        mine = [
            (weight, item.bad, item.votes[vote])
            for weight, item in zip(weights, audited, strict=True)
            if vote in item.votes
        ]
        rates[vote] = Rates(
            _mean(assumed.when_bad, RATE_AUDITS, ((weight, seen) for weight, bad, seen in mine if bad)),
            _mean(assumed.when_good, RATE_AUDITS, ((weight, seen) for weight, bad, seen in mine if not bad)),
            sum(bad for _, bad, _ in mine),
            sum(not bad for _, bad, _ in mine),
        )
    return LabelModel(prior, rates, len(audited), sum(item.bad for item in audited))


def _weights(audited: Sequence[Audited]) -> list[float]:
    """Inverse probabilities, scaled to the effective size of the sample (Kish 1965)."""
    raw = [1.0 / item.probability for item in audited]
    squares = math.fsum(value * value for value in raw)
    total = math.fsum(raw)
    return [value * total / squares for value in raw]


def _mean(assumed: float, strength: float, seen: Iterable[tuple[float, bool]]) -> float:
    """The posterior mean of a rate under a Beta prior with this mean and weight."""
    counted = list(seen)
    hits = math.fsum(weight for weight, hit in counted if hit)
    total = math.fsum(weight for weight, _ in counted)
    return (strength * assumed + hits) / (strength + total)
