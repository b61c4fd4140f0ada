"""`hash`: signed feature hashing of words, for tests and dry runs of big corpora.

Texts that share words are near each other; nothing else about meaning is known to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.infer.embedders.base import Embedded, Progress, components_of, fingerprint_of
from headrace.infer.embedders.validate import normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_DIMENSION = 64
SMALLEST_DIMENSION = 2
LARGEST_DIMENSION = 65_536
REVISION = "1"

_BLOCK_TEXTS = 4096
_MOST_CACHED_WORDS = 500_000
_find_words = re.compile(r"\w+").findall


class _SlotOfWord(dict[str, int]):
    """Word to twice its bucket, plus one if its sign is negative; worked out once per word."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self._dimension = dimension

    def __missing__(self, word: str) -> int:
        number = int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
        slot = (number >> 1) % self._dimension * 2 + (number & 1)
        if len(self) >= _MOST_CACHED_WORDS:
            self.clear()
        self[word] = slot
        return slot


class HashEmbedder:
    """Counts words into signed buckets and scales to unit length; the same on every machine."""

    max_tokens: int | None = None
    price_per_million_tokens: float | None = 0.0
    tokenizer_file: Path | None = None

    def __init__(self, *, dimension: int = DEFAULT_DIMENSION) -> None:
        if not SMALLEST_DIMENSION <= dimension <= LARGEST_DIMENSION:
            allowed = f"{SMALLEST_DIMENSION} to {LARGEST_DIMENSION}"
            raise ValueError(f"dimension must be {allowed}, not {dimension}")
        self.dimension = dimension
        self.name = "hash" if dimension == DEFAULT_DIMENSION else f"hash:{dimension}"
        self._slots = _SlotOfWord(dimension)

    @cached_property
    def components(self) -> Mapping[str, Any]:
        """Everything that decides what a vector is."""
        return components_of("headrace", "hash", revision=REVISION, dimension=self.dimension)

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the components."""
        return fingerprint_of(self.components)

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Embedded:
        """Embed texts; none fails. Vectors have shape (texts, dimension)."""
        import numpy as np

        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(texts), _BLOCK_TEXTS):
            block = texts[start : start + _BLOCK_TEXTS]
            vectors[start : start + len(block)] = self._embed_block(block)
            if progress is not None:
                progress(len(block))
        return Embedded(vectors=vectors)

    def _embed_block(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        words = [_find_words(text.lower()) for text in texts]
        lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
        slot_of = self._slots.__getitem__
        slots = np.fromiter((slot_of(word) for line in words for word in line), np.int64)
        cells = np.repeat(np.arange(len(texts)) * self.dimension, lengths) + (slots >> 1)
        signs = 1.0 - 2.0 * (slots & 1)
        counts = np.bincount(cells, weights=signs, minlength=len(texts) * self.dimension)
        vectors = counts.reshape(len(texts), self.dimension).astype(np.float32)
        # No words, or words that cancel out: the whole text counts as one, so that every text has a vector.
        for at in np.flatnonzero(~vectors.any(axis=1)):
            slot = slot_of(texts[int(at)])
            vectors[at, slot >> 1] = 1.0 - 2.0 * (slot & 1)
        return normalise(vectors)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed one query, shape (dimension,)."""
        vector: NDArray[np.float32] = self._embed_block([text])[0]
        return vector

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Words in these texts."""
        return sum(len(_find_words(text)) for text in texts)

    def close(self) -> None:
        """Drop the word cache."""
        self._slots.clear()
