"""An embedder as one run uses it: held against its sentinel texts before the first text, within a budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.errors import BudgetReached, ProviderError
from headrace.infer.embedders.base import Embedded, Embedder, Progress
from headrace.infer.embedders.budget import Spending
from headrace.infer.embedders.watch import Watch, refusal_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class GuardedEmbedder:
    """Embeds like the embedder inside. What may not be sent fails with NotSent, text by text.

    Make one for each run: it checks the sentinel texts once, when there is something to embed.
    """

    def __init__(self, inner: Embedder, *, watch: Watch, spending: Spending) -> None:
        self._inner = inner
        self._watch = watch
        self._spending = spending
        self._refused: ProviderError | None = None
        self._models: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """What the recipe calls it."""
        return self._inner.name

    @property
    def dimension(self) -> int:
        """Length of its vectors."""
        return self._inner.dimension

    @property
    def components(self) -> Mapping[str, Any]:
        """Everything that decides what a vector is."""
        return self._inner.components

    @property
    def fingerprint(self) -> str:
        """Digest of the components."""
        return self._inner.fingerprint

    @property
    def max_tokens(self) -> int | None:
        """Longest text it reads."""
        return self._inner.max_tokens

    @property
    def tokenizer_file(self) -> Path | None:
        """Tokenizer file, where that is at hand."""
        return self._inner.tokenizer_file

    @property
    def price_per_million_tokens(self) -> float | None:
        """0.0 for what runs here, None when unknown."""
        return self._inner.price_per_million_tokens

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Embedded:
        """Embed what may be embedded; the rest is in `failed`."""
        if not texts:
            return self._inner.embed(texts, progress=progress)
        refusal = self._refusal()
        if refusal is not None:
            return _all_failed(len(texts), self.dimension, refusal)
        sent = list(texts)
        if self._spending.budget.is_limited:
            sent = sent[: self._spending.admit([self._inner.count_tokens([text]) for text in texts])]
        given = self._inner.embed(sent, progress=progress)
        if self._spending.counts:
            self._spending.spend(self._inner.count_tokens(sent) if given.tokens is None else given.tokens)
        self._refused = self._watch.note_change(given, self._models or ())
        if self._refused is not None:
            return _all_failed(len(texts), self.dimension, self._refused)
        return given if len(sent) == len(texts) else self._cut(given, len(texts))

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed one query."""
        return self._inner.embed_query(text)

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens these texts cost."""
        return self._inner.count_tokens(texts)

    def close(self) -> None:
        """Leave the embedder inside open: others use it too."""

    def _refusal(self) -> ProviderError | None:
        """Why nothing may be sent in this run; its first call asks for the sentinel texts."""
        if self._refused is None and self._models is None:
            self._refused = self._watch.blocked() or refusal_of(self._watch.check())
            self._models = self._watch.expected_models()
        return self._refused

    def _cut(self, given: Embedded, count: int) -> Embedded:
        import numpy as np

        sent = len(given.vectors)
        refusal = BudgetReached(str(self._spending.budget))
        vectors = np.zeros((count, self.dimension), dtype=np.float32)
        vectors[:sent] = given.vectors
        failed = {**given.failed, **dict.fromkeys(range(sent, count), refusal)}
        return Embedded(
            vectors=vectors, failed=failed, echoed_models=given.echoed_models, tokens=given.tokens
        )


def _all_failed(count: int, dimension: int, error: ProviderError) -> Embedded:
    import numpy as np

    vectors = np.zeros((count, dimension), dtype=np.float32)
    return Embedded(vectors=vectors, failed=dict.fromkeys(range(count), error))
