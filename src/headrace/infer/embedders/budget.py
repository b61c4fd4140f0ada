"""What one run may spend on embeddings, and what it has spent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from headrace.errors import ConfigError, UsageError

_MONEY = re.compile(r"(\d+)(?:\.(\d{1,6}))? ([A-Z]{3})")
_TOKENS = re.compile(r"\d[\d_]*(?: tokens)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits of one run; None means none."""

    tokens: int | None = None
    money_micro: int | None = None
    """Millionths of the currency."""
    currency: str = ""

    def __str__(self) -> str:
        parts = [] if self.tokens is None else [f"{self.tokens:,} tokens"]
        parts += [] if self.money_micro is None else [shown_money(self.money_micro, self.currency)]
        return " and ".join(parts)

    @property
    def is_limited(self) -> bool:
        """Whether there is a limit at all."""
        return self.tokens is not None or self.money_micro is not None


def shown_money(micro: int, currency: str) -> str:
    """`2.50 EUR`, with as many decimals as there are, two at least."""
    whole, rest = divmod(micro, 1_000_000)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{whole:,}.{decimals} {currency}".rstrip()


def parse_money(text: str) -> tuple[int, str]:
    """Millionths and currency of `2.50 EUR`. Raises ValueError."""
    found = _MONEY.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not an amount such as '2.50 EUR'")
    whole, decimals, currency = found.groups()
    return int(whole) * 1_000_000 + int((decimals or "").ljust(6, "0")), currency


def parse_budget(text: str) -> Budget:
    """A budget as a command line says it: `100000`, `100000 tokens` or `2.50 EUR`. Raises UsageError."""
    if _TOKENS.fullmatch(text.strip()):
        return Budget(tokens=int(text.split()[0].replace("_", "")))
    try:
        micro, currency = parse_money(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is not a budget. Allowed: tokens such as '100000', money such as '2.50 EUR'.",
            hint="Give it as --budget 100000 or --budget '2.50 EUR'.",
        ) from None
    return Budget(money_micro=micro, currency=currency)


@dataclass(slots=True)
class _Spent:
    """What a run has spent so far, with all its embedders."""

    tokens: int = 0
    money_micro: int | None = 0
    """None once a part of it has no known price."""


class Spending:
    """Counts what a run spends against its budget. Raises ConfigError for money without a price.

    `shared` is the spending of another embedder in the same run: both count against its one budget.
    """

    def __init__(
        self,
        budget: Budget | None = None,
        *,
        price_per_million: float | None = None,
        currency: str = "",
        shared: Spending | None = None,
    ) -> None:
        self.budget: Budget = shared.budget if shared else budget or Budget()
        self.price_per_million = price_per_million
        self.currency = currency
        self._spent: _Spent = shared._spent if shared else _Spent()
        if self.budget.money_micro is None:
            return
        if price_per_million is None:
            raise ConfigError(
                f"A budget of {self.budget} needs the price of the embedder: set "
                "`price_per_million_input_tokens` in its [models] table.",
                key="budget.money",
            )
        if price_per_million and currency != self.budget.currency:
            raise ConfigError(
                f"The budget is in {self.budget.currency}, the price of the embedder in {currency}.",
                key="budget.money",
                allowed=[f"an amount in {currency}", f"currency = {self.budget.currency!r} in [models]"],
            )

    @property
    def counts(self) -> bool:
        """Whether tokens have to be counted: they cost something, or a budget limits them."""
        return self.budget.is_limited or self.price_per_million != 0.0

    @property
    def tokens(self) -> int:
        """Tokens that were read so far."""
        return self._spent.tokens

    @property
    def money_micro(self) -> int | None:
        """What they cost, in millionths of the currency; None when a price is not known."""
        return self._spent.money_micro

    def cost_micro(self, tokens: int) -> int | None:
        """What so many tokens cost, in millionths of the currency; None when the price is not known."""
        return None if self.price_per_million is None else round(self.price_per_million * tokens)

    def fits(self, tokens: int) -> bool:
        """Whether so many tokens more are within the budget."""
        money = (self.money_micro or 0) + (self.cost_micro(tokens) or 0)
        too_many = self.budget.tokens is not None and self.tokens + tokens > self.budget.tokens
        too_dear = self.budget.money_micro is not None and money > self.budget.money_micro
        return not (too_many or too_dear)

    def admit(self, costs: Sequence[int]) -> int:
        """How many texts, in their order, may still be embedded; `costs` holds the tokens of each."""
        wanted = 0
        for place, tokens in enumerate(costs):
            wanted += tokens
            if not self.fits(wanted):
                return place
        return len(costs)

    def spend(self, tokens: int) -> None:
        """Count tokens that were read."""
        cost = self.cost_micro(tokens)
        spent = self._spent
        spent.tokens += tokens
        spent.money_micro = None if cost is None or spent.money_micro is None else spent.money_micro + cost
