"""Chat models behind any OpenAI-compatible `/chat/completions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.infer.completions.base import REFUSED, Completion, Price
from headrace.infer.providers.chat import first_choice, used
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.openai import OpenAIClient


class OpenAIChat:
    """Sends messages and parameters; reads the first choice."""

    def __init__(self, config: ModelConfig) -> None:
        self.config = config
        self.name = config.name
        self.identity = f"{config.name}:{config.model}" + (f"@{config.revision}" if config.revision else "")
        self.price = Price(
            input_per_million=config.price_per_million_input_tokens,
            output_per_million=config.price_per_million_output_tokens,
            currency=config.currency,
        )
        self.most_at_once = config.max_concurrency
        self._client = OpenAIClient(config)

    async def complete(
        self, messages: Sequence[Mapping[str, Any]], parameters: Mapping[str, Any]
    ) -> Completion:
        """Make one call. Raises ProviderError."""
        body = {"model": self.config.model, **parameters, "messages": list(messages)}
        answer = await self._client.post("chat/completions", body)
        choice = first_choice(answer, provider=self.config.name)
        message = choice["message"]
        text, reason = message.get("content"), choice.get("finish_reason")
        if message.get("refusal"):
            text, reason = str(message["refusal"]), REFUSED
        tokens = used(answer)
        return Completion(
            text=text if isinstance(text, str) else "",
            finish_reason=str(reason or "stop"),
            model=str(answer.get("model") or body["model"]),
            input_tokens=tokens.input_tokens,
            output_tokens=tokens.output_tokens,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
