"""Embedders behind any OpenAI-compatible `/embeddings`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from headrace.errors import ProviderError, TerminalError
from headrace.infer.embedders.base import Embedded, Progress, components_of, fingerprint_of
from headrace.infer.embedders.batches import estimate_tokens, plan_batches
from headrace.infer.embedders.circuit import Circuit
from headrace.infer.embedders.refusals import REFUSED_STATUS
from headrace.infer.embedders.validate import check_vectors, normalise
from headrace.infer.embedders.wire import read_vectors, request_body, tokens_used
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.openai import OpenAIClient
from headrace.infer.providers.portal import portal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KNOWN_DIMENSIONS = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
}
_PROBE = "dimension"


class OpenAIEmbedder:
    """Sends texts in batches, several at once; splits a refused batch until the text at fault stands alone.

    Vectors are scaled to unit length here. Where `dimensions` is not declared and the model is not a known
    one, the first use of `dimension` or `fingerprint` asks the provider once.
    """

    def __init__(self, config: ModelConfig, *, client: OpenAIClient | None = None) -> None:
        self.config = config
        self.name = f"{config.name}:{config.model}"
        self.max_tokens: int | None = config.max_input_tokens
        self.price_per_million_tokens = config.price_per_million_input_tokens
        self.tokenizer_file: Path | None = None
        self._client = client or OpenAIClient(config)
        self._circuit = Circuit(config.name)

    @property
    def asks_dimension(self) -> bool:
        """Whether the length of the vectors is what the provider says, and not what was declared."""
        return self.config.dimensions is None and self.config.model not in KNOWN_DIMENSIONS

    @cached_property
    def dimension(self) -> int:
        """Length of the vectors. Raises ProviderError when it has to be asked for and is not told."""
        known = self.config.dimensions or KNOWN_DIMENSIONS.get(self.config.model)
        if known is not None:
            return known
        (vector,) = read_vectors(self._client.call("embeddings", request_body(self.config, [_PROBE])), 1)
        if vector is None or vector.ndim != 1 or not len(vector):
            raise TerminalError(
                f"Provider {self.config.name!r} did not show the dimension of {self.config.model!r}.",
                hint="Declare `dimensions` in the [models] table.",
                provider=self.config.name,
            )
        return len(vector)

    @cached_property
    def components(self) -> Mapping[str, Any]:
        """Everything that decides what a vector is."""
        return components_of(
            self.config.name,
            self.config.model,
            revision=self.config.revision,
            dimension=self.dimension,
            document_prefix=self.config.document_prefix,
            query_prefix=self.config.query_prefix,
        )

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the components."""
        return fingerprint_of(self.components)

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Embedded:
        """Embed texts. What fails, fails in `failed`. Vectors have shape (texts, dimension)."""
        try:
            dimension = self.dimension
        except ProviderError as error:
            return _all_failed(len(texts), error)
        prefixed = [self.config.document_prefix + text for text in texts]
        run = _Run(self, prefixed, dimension=dimension)
        future = portal().submit(run.finish())
        try:
            while (done := run.done.get()) is not None:
                if progress is not None:
                    progress(done)
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed one query, shape (dimension,). Raises ProviderError."""
        refusal = self._circuit.refusal()
        if refusal is not None:
            raise refusal
        run = _Run(self, [self.config.query_prefix + text], dimension=self.dimension)
        result = portal().run(run.finish())
        if result.failed:
            raise result.failed[0]
        vector: NDArray[np.float32] = result.vectors[0]
        return vector

    def count_tokens(self, texts: Sequence[str]) -> int:
        """An estimate: a token per 4 bytes."""
        return sum(estimate_tokens(self.config.document_prefix + text) for text in texts)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _all_failed(count: int, error: ProviderError) -> Embedded:
    import numpy as np

    return Embedded(vectors=np.zeros((count, 0), dtype=np.float32), failed=dict.fromkeys(range(count), error))


class _Run:
    """One call of `embed`: its texts, what came of them, and the numbers of finished ones in `done`."""

    def __init__(self, embedder: OpenAIEmbedder, texts: Sequence[str], *, dimension: int) -> None:
        self._config = embedder.config
        self._client = embedder._client
        self._circuit = embedder._circuit
        self._texts = texts
        self._dimension = dimension
        self._found: list[NDArray[np.float32] | None] = [None] * len(texts)
        self._failed: dict[int, ProviderError] = {}
        self._echoed: set[str] = set()
        self._tokens: int | None = 0
        self.done: SimpleQueue[int | None] = SimpleQueue()

    async def finish(self) -> Embedded:
        """Send everything and collect it; ends `done` with None whatever happens."""
        try:
            positions = [at for at, text in enumerate(self._texts) if text.strip()]
            blank = set(range(len(self._texts))) - set(positions)
            if blank:
                error = TerminalError("The text is blank, and providers refuse blank texts.", cause="blank")
                self._fail(sorted(blank), error)
            limits = {"max_texts": self._config.max_batch_texts, "max_tokens": self._config.max_batch_tokens}
            batches = plan_batches(self._texts, positions, **limits)

            async def work() -> None:
                for batch in batches:
                    await self._send(batch)

            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._config.max_concurrency, len(positions))):
                    group.create_task(work())
            return self._collect()
        finally:
            self.done.put(None)

    async def _send(self, batch: list[int]) -> None:
        refusal = self._circuit.refusal()
        if refusal is not None:
            self._fail(batch, refusal)
            return
        try:
            body = request_body(self._config, [self._texts[at] for at in batch])
            answer = await self._client.post("embeddings", body)
        except ProviderError as error:
            if len(batch) > 1 and error.details.get("status") in REFUSED_STATUS:
                middle = len(batch) // 2
                await self._send(batch[:middle])
                await self._send(batch[middle:])
                return
            self._circuit.failed(error)
            self._fail(batch, error)
            return
        self._circuit.succeeded()
        self._accept(batch, answer)

    def _accept(self, batch: list[int], answer: Mapping[str, Any]) -> None:
        if isinstance(answer.get("model"), str):
            self._echoed.add(answer["model"])
        used = tokens_used(answer)
        self._tokens = None if used is None or self._tokens is None else self._tokens + used
        vectors = read_vectors(answer, len(batch))
        for place, error in check_vectors(vectors, self._dimension).items():
            self._failed[batch[place]] = error
            vectors[place] = None
        for place, vector in enumerate(vectors):
            self._found[batch[place]] = vector
        self.done.put(len(batch))

    def _fail(self, batch: Sequence[int], error: ProviderError) -> None:
        self._failed.update(dict.fromkeys(batch, error))
        self.done.put(len(batch))

    def _collect(self) -> Embedded:
        import numpy as np

        vectors = np.zeros((len(self._texts), self._dimension), dtype=np.float32)
        for at, vector in enumerate(self._found):
            if vector is not None:
                vectors[at] = vector
        return Embedded(
            vectors=normalise(vectors),
            failed=dict(sorted(self._failed.items())),
            echoed_models=tuple(sorted(self._echoed)),
            tokens=self._tokens,
        )
