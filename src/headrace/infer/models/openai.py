"""Models behind any OpenAI-compatible `/chat/completions`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.errors import TerminalError
from headrace.infer.models.base import NO_ANSWER, GenerateRequest, Generation
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.openai import OpenAIClient

_SAYS_NO_ANSWER = "NO ANSWER"


class OpenAIModel:
    """Sends the rendered messages and the prompt's parameters; reads the first choice."""

    def __init__(self, config: ModelConfig, *, client: OpenAIClient | None = None) -> None:
        self.config = config
        self.name = config.name
        self.identity = f"{config.name}:{config.model}" + (f"@{config.revision}" if config.revision else "")
        self._client = client or OpenAIClient(config)

    def generate(self, request: GenerateRequest) -> Generation:
        """Answer one question. Raises ProviderError."""
        body = {"model": self.config.model, **request.parameters, "messages": list(request.messages)}
        answer = self._client.call("chat/completions", body)
        choice = self._first_choice(answer)
        message = choice["message"]
        text, reason = message.get("content"), choice.get("finish_reason")
        if not isinstance(text, str):
            text, reason = "", "content_filter" if message.get("refusal") else reason
        if not text.strip().strip(".").strip() or text.strip().strip(".*").upper() == _SAYS_NO_ANSWER:
            text = ""
            reason = NO_ANSWER if reason in (None, "stop") else reason
        usage = answer.get("usage")
        usage = usage if isinstance(usage, Mapping) else {}
        return Generation(
            text=text,
            model=str(answer.get("model") or body["model"]),
            input_tokens=_count(usage.get("prompt_tokens")),
            output_tokens=_count(usage.get("completion_tokens")),
            finish_reason=str(reason or "stop"),
            raw_id=str(answer["id"]) if answer.get("id") else None,
        )

    def _first_choice(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        choices = answer.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, Mapping) or not isinstance(choice.get("message"), Mapping):
            raise TerminalError(
                f"Provider {self.config.name!r} answered without a message in `choices`.",
                hint="Check that base_url is an OpenAI-compatible API.",
                provider=self.config.name,
                cause="malformed",
            )
        return choice

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
