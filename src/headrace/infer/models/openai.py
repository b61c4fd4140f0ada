"""Models behind any OpenAI-compatible `/chat/completions`."""

from __future__ import annotations

from headrace.infer.models.base import NO_ANSWER, GenerateRequest, Generation
from headrace.infer.providers.chat import first_choice, used
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
        choice = first_choice(answer, provider=self.config.name)
        message = choice["message"]
        text, reason = message.get("content"), choice.get("finish_reason")
        if not isinstance(text, str):
            text, reason = "", "content_filter" if message.get("refusal") else reason
        if not text.strip().strip(".").strip() or text.strip().strip(".*").upper() == _SAYS_NO_ANSWER:
            text = ""
            reason = NO_ANSWER if reason in (None, "stop") else reason
        tokens = used(answer)
        return Generation(
            text=text,
            model=str(answer.get("model") or body["model"]),
            input_tokens=tokens.input_tokens,
            output_tokens=tokens.output_tokens,
            finish_reason=str(reason or "stop"),
            raw_id=str(answer["id"]) if answer.get("id") else None,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
