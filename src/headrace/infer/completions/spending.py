"""What the calls of one run may cost, and what they have cost."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.errors import ConfigError
from headrace.infer.completions.base import Price
from headrace.infer.embedders.budget import Budget


class CallSpending:
    """Counts tokens and money against the budget of a run; what is in flight is held back at its estimate.

    Raises ConfigError for a budget in money where a model has no price, or one in another currency.
    """

    def __init__(self, budget: Budget | None = None, *, prices: Sequence[tuple[str, Price]] = ()) -> None:
        self.budget = budget or Budget()
        self.input_tokens = 0
        self.output_tokens = 0
        self.money_micro: int | None = 0
        self.currency = next((price.currency for _, price in prices), "")
        self._held_tokens = 0
        self._held_micro = 0
        if self.budget.money_micro is None:
            return
        for name, price in prices:
            if price.micro(1, 1) is None:
                raise ConfigError(
                    f"A budget of {self.budget} needs the prices of model {name!r}: set "
                    "`price_per_million_input_tokens` and `price_per_million_output_tokens` in "
                    f"[models.{name}].",
                    key="budget.step_money",
                )
            if price.currency != self.budget.currency:
                raise ConfigError(
                    f"The budget is in {self.budget.currency}, the prices of model {name!r} in "
                    f"{price.currency}.",
                    key="budget.step_money",
                    allowed=[f"an amount in {price.currency}"],
                )

    @property
    def tokens(self) -> int:
        """Tokens that were read and written so far."""
        return self.input_tokens + self.output_tokens

    def fits(self, tokens: int, micro: int | None) -> bool:
        """Whether so much more is within the budget, beside what is in flight."""
        budget = self.budget
        if budget.tokens is not None and self.tokens + self._held_tokens + tokens > budget.tokens:
            return False
        spent = (self.money_micro or 0) + self._held_micro + (micro or 0)
        return budget.money_micro is None or spent <= budget.money_micro

    def hold(self, tokens: int, micro: int | None) -> bool:
        """Take so much out of the budget for a call; False, and nothing taken, where it does not fit."""
        if not self.fits(tokens, micro):
            return False
        self._held_tokens += tokens
        self._held_micro += micro or 0
        return True

    def settle(
        self, held: tuple[int, int | None], input_tokens: int, output_tokens: int, price: Price
    ) -> None:
        """Put what a call really took in the place of what was held for it."""
        tokens, micro = held
        self._held_tokens -= tokens
        self._held_micro -= micro or 0
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        cost = price.micro(input_tokens, output_tokens)
        self.money_micro = None if cost is None or self.money_micro is None else self.money_micro + cost
