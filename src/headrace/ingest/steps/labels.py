"""Which labels of a large set a model is shown: those nearest to the text, by the embedder of the corpus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.errors import ProviderError
from headrace.infer.embedders.base import Embedder
from headrace.infer.embedders.store import EmbeddingStore
from headrace.ledger.identity import digest_text

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_CHARACTERS = 1000
"""Of a text, for its vector; embedders read about as much."""


class LabelFinder:
    """Finds candidates among thousands of labels. The vectors of labels are kept in the embedding store."""

    def __init__(self, embedder: Embedder, store: EmbeddingStore) -> None:
        self._embedder = embedder
        self._store = store
        self._known: dict[tuple[str, ...], npt.NDArray[np.float32]] = {}

    @property
    def fingerprint(self) -> str:
        """Of the embedder: with another one there are other candidates."""
        return self._embedder.fingerprint

    def nearest(self, texts: Sequence[str], labels: tuple[str, ...], most: int) -> list[tuple[str, ...]]:
        """The labels nearest to each text, in the order of the label set. Raises ProviderError."""
        import numpy as np

        if labels not in self._known:
            self._known[labels] = self._vectors(labels)
        vectors = self._embed([text[:_CHARACTERS] for text in texts])
        scores = vectors @ self._known[labels].T
        found = []
        for row in scores:
            # Equal scores are settled by the order of the set.
            order = np.lexsort((np.arange(len(labels)), -row))[:most]
            found.append(tuple(labels[place] for place in sorted(order.tolist())))
        return found

    def _vectors(self, labels: Sequence[str]) -> npt.NDArray[np.float32]:
        import numpy as np

        keys = [digest_text("text", label) for label in labels]
        found, vectors = self._store.fetch(keys)
        wanted = np.flatnonzero(~found)
        if len(wanted):
            made = self._embed([labels[place] for place in wanted.tolist()])
            self._store.put([keys[place] for place in wanted.tolist()], made, run_id="labels")
            vectors[wanted] = made
        return vectors

    def _embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        made = self._embedder.embed(texts)
        error: ProviderError | None = next(iter(made.failed.values()), None)
        if error is not None:
            raise error
        return made.vectors
