"""Rerankers reorder the best hits by reading query and text together; one speaks to a `/rerank` endpoint.

Jina, Cohere, vLLM and LiteLLM offer such an endpoint in the same form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from headrace import plugins as registry
from headrace.errors import TerminalError
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.named import provider_config, unknown_name
from headrace.infer.providers.openai import OpenAIClient


@runtime_checkable
class Reranker(Protocol):
    """Scores texts against a query, higher is better.

    Example::

        class Shortest:
            def __call__(self, query: str, texts: Sequence[str]) -> list[float]:
                return [-len(text) for text in texts]
    """

    def __call__(self, query: str, texts: Sequence[str]) -> list[float]: ...


class EndpointReranker:
    """Scores texts against a query by one request; higher is better."""

    def __init__(self, config: ModelConfig) -> None:
        self.config = config
        self._client = OpenAIClient(config)

    def __call__(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score for each text, in their order. Raises ProviderError."""
        if not texts:
            return []
        body = {
            "model": self.config.model,
            "query": query,
            "documents": list(texts),
            "top_n": len(texts),
            "return_documents": False,
        }
        answer = self._client.call("rerank", body)
        return self._scores(answer.get("results"), len(texts))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _scores(self, results: Any, count: int) -> list[float]:
        scores: dict[int, float] = {}
        for item in results if isinstance(results, list) else []:
            index = item.get("index") if isinstance(item, Mapping) else None
            score = item.get("relevance_score") if isinstance(item, Mapping) else None
            if isinstance(index, int) and isinstance(score, int | float) and 0 <= index < count:
                scores[index] = float(score)
        if len(scores) != count:
            raise TerminalError(
                f"Reranker {self.config.name!r} gave {len(scores)} usable scores for {count} texts.",
                hint="Check that base_url offers /rerank with `results` of `index` and `relevance_score`.",
                provider=self.config.name,
                cause="malformed",
            )
        return [scores[index] for index in range(count)]


def open_reranker(name: str, *, models: Mapping[str, ModelConfig]) -> Reranker:
    """Open `<provider>`, `<provider>:<model>` or a plugin as a reranker. Raises ConfigError."""
    config = provider_config(name, models=models)
    if config is not None:
        return EndpointReranker(config)
    kind, _, argument = name.partition(":")
    installed = registry.names("reranker")
    if kind not in installed:
        raise unknown_name("reranker", name, allowed=installed, models=models)
    opened: Reranker = registry.load("reranker", kind)(argument)
    return opened
