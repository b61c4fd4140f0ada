"""`minilm`: the built-in embedder, all-MiniLM-L6-v2 in int8 on this machine's processor.

One text per run: with int8 activations scaled at run time a text that shared a run would depend on its mates.
Alone, its vector is the same bits whatever else is embedded and however many threads work.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.errors import ProviderError
from headrace.infer.embedders.base import Embedded, Progress, components_of, fingerprint_of
from headrace.infer.embedders.minilm_session import MODEL_SHA256, Encoder, load_encoder
from headrace.infer.embedders.validate import check_vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSION = 384
MAX_TOKENS = 256
_SLICE_TEXTS = 16


class MiniLMEmbedder:
    """Embeds texts with the shipped model; texts longer than 256 word pieces are cut there."""

    name = "minilm"
    dimension = DIMENSION
    max_tokens: int | None = MAX_TOKENS
    price_per_million_tokens: float | None = 0.0
    tokenizer_file: Path | None = Path(__file__).parent / "minilm_data" / "tokenizer.json"

    def __init__(self, *, threads: int | None = None) -> None:
        self._threads = threads or os.cpu_count() or 1
        self._lock = threading.Lock()
        self._encoder: Encoder | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._pid = os.getpid()

    @cached_property
    def components(self) -> Mapping[str, Any]:
        """Everything that decides what a vector is; the revision is the hash of the model file."""
        return components_of(
            "headrace",
            "all-MiniLM-L6-v2",
            revision=MODEL_SHA256,
            dimension=DIMENSION,
            quantisation="int8-dynamic",
            max_tokens=MAX_TOKENS,
        )

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the components."""
        return fingerprint_of(self.components)

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Embedded:
        """Embed texts on all threads. Vectors have shape (texts, 384)."""
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        try:
            encoder = self._open_encoder()
        except ProviderError as error:
            return Embedded(vectors=vectors, failed=dict.fromkeys(range(len(texts)), error))
        slices = [texts[start : start + _SLICE_TEXTS] for start in range(0, len(texts), _SLICE_TEXTS)]
        few = len(slices) < 2 or self._threads == 1
        done = 0
        for part in map(encoder.encode, slices) if few else self._open_pool().map(encoder.encode, slices):
            vectors[done : done + len(part)] = part
            done += len(part)
            if progress is not None:
                progress(len(part))
        failed = dict(check_vectors(list(vectors), DIMENSION))
        vectors[list(failed)] = 0.0
        return Embedded(vectors=vectors, failed=failed)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed one query, shape (384,). Raises ProviderError when the model file is missing or damaged."""
        vector: NDArray[np.float32] = self._open_encoder().encode([text])[0]
        return vector

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Word pieces these texts cost, after the cut at 256 each."""
        return self._open_encoder().count_tokens(texts)

    def _open_encoder(self) -> Encoder:
        with self._lock:
            self._leave_after_fork()
            if self._encoder is None:
                self._encoder = load_encoder(max_tokens=MAX_TOKENS)
            return self._encoder

    def _open_pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="headrace-minilm")
            return self._pool

    def _leave_after_fork(self) -> None:
        # The pool's threads stayed in the parent.
        if self._pid != os.getpid():
            self._pid, self._pool, self._encoder = os.getpid(), None, None

    def close(self) -> None:
        """End the threads and free the session; a later call opens both again."""
        with self._lock:
            self._leave_after_fork()
            pool, self._pool, self._encoder = self._pool, None, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
