"""The Protocol of a chat model: messages and parameters in, text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

LENGTH = "length"
"""The finish reason of a text that was cut off."""
REFUSED = "content_filter"
"""The finish reason of a call that the model or its provider refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a model wrote."""

    text: str
    finish_reason: str
    """`stop`, `length`, `content_filter`, or the provider's own word."""
    model: str
    """Model id the provider says it used."""
    input_tokens: int | None
    """None when the provider does not say."""
    output_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a model costs; None where that is not known."""

    input_per_million: float | None
    output_per_million: float | None
    currency: str

    def micro(self, input_tokens: int, output_tokens: int) -> int | None:
        """Millionths of the currency for so many tokens."""
        if self.input_per_million is None or self.output_per_million is None:
            return None
        return round(self.input_per_million * input_tokens + self.output_per_million * output_tokens)


@runtime_checkable
class ChatModel(Protocol):
    """Completes a chat.

    Example::

        class Echo:
            name = identity = "echo"
            price = Price(input_per_million=0.0, output_per_million=0.0, currency="")
            most_at_once = 1

            async def complete(self, messages, parameters):
                text = messages[-1]["content"]
                return Completion(
                    text=text, finish_reason="stop", model="echo", input_tokens=None, output_tokens=None
                )
    """

    @property
    def name(self) -> str:
        """The NAME of its `[models.NAME]` table."""
        ...

    @property
    def identity(self) -> str:
        """Provider, model id and revision: equal where outputs may be shared."""
        ...

    @property
    def price(self) -> Price:
        """What its tokens cost."""
        ...

    @property
    def most_at_once(self) -> int:
        """Most calls in flight."""
        ...

    async def complete(
        self, messages: Sequence[Mapping[str, Any]], parameters: Mapping[str, Any]
    ) -> Completion:
        """Make one call, on the portal's loop. Raises ProviderError."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...
