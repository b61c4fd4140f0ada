"""Give prepared documents their vectors: from the embedding store, else from the embedder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.infer.embedders.base import Embedder
from headrace.infer.embedders.store import EmbeddingStore
from headrace.ingest.sync.prepare import Failed, Prepared
from headrace.ledger.failpoints import declare, fire

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_AFTER_STORE = declare("sync.embeddings_stored")


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A document with its vectors."""

    document: Prepared
    vectors: npt.NDArray[np.float32]
    """(chunks, dimension) float32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedOutcome:
    """What embedding a batch came to."""

    embedded: list[Embedded]
    failed: list[Failed]
    computed: int
    reused: int


def embed(
    documents: Sequence[Prepared],
    *,
    embedder: Embedder,
    store: EmbeddingStore,
    run_id: str,
    progress: Callable[[int], None] | None = None,
) -> EmbedOutcome:
    """Embed a batch. A text that fails takes its documents with it and nothing else."""
    import numpy as np

    texts = _distinct(documents)
    keys = list(texts)
    found, vectors = store.fetch(keys)
    wanted = np.flatnonzero(~found)
    failures: dict[str, str] = {}
    computed = 0
    if len(wanted):
        result = embedder.embed([texts[keys[row]] for row in wanted], progress=progress)
        good = [place for place in range(len(wanted)) if place not in result.failed]
        failures = {keys[wanted[place]]: error.message for place, error in result.failed.items()}
        vectors[wanted[good]] = result.vectors[good]
        store.put([keys[wanted[place]] for place in good], result.vectors[good], run_id=run_id)
        fire(_AFTER_STORE)
        computed = len(good)
    rows = {key: row for row, key in enumerate(keys)}
    embedded: list[Embedded] = []
    failed: list[Failed] = []
    for document in documents:
        broken = next((failures[key] for key in document.text_hashes if key in failures), None)
        if broken is not None:
            failed.append(Failed(candidate=document.candidate, stage="embed", error=broken))
        else:
            take = vectors[[rows[key] for key in document.text_hashes]]
            embedded.append(Embedded(document=document, vectors=take))
    total = sum(len(item.document.chunk_ids) for item in embedded)
    return EmbedOutcome(embedded=embedded, failed=failed, computed=computed, reused=max(0, total - computed))


def missing_texts(documents: Sequence[Prepared], store: EmbeddingStore) -> dict[str, str]:
    """Text hash to text of what would have to be embedded."""
    texts = _distinct(documents)
    keys = list(texts)
    found, _ = store.fetch(keys)
    return {key: texts[key] for key, have in zip(keys, found, strict=True) if not have}


def _distinct(documents: Sequence[Prepared]) -> dict[str, str]:
    return {
        key: text
        for document in documents
        for key, text in zip(document.text_hashes, document.texts, strict=True)
    }
