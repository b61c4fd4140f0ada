"""Give prepared documents their vectors: from the embedding store, else from the embedder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.errors import NotSent, ProviderError
from headrace.infer.embedders.base import Embedder
from headrace.infer.embedders.refusals import is_refusal
from headrace.infer.embedders.store import EmbeddingStore
from headrace.ingest.sync.prepare import Failed, Prepared
from headrace.ledger.dead_letters import Refused
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
    waiting: int = 0
    """Documents that were left as they are, since their texts may not be sent now…"""
    waiting_for: NotSent | None = None
    """…and why."""


def embed(
    documents: Sequence[Prepared],
    *,
    embedder: Embedder,
    store: EmbeddingStore,
    run_id: str,
    progress: Callable[[int], None] | None = None,
) -> EmbedOutcome:
    """Embed a batch. A text that fails takes its documents with it and nothing else.

    A document one of whose texts may not be sent now (NotSent) waits for another run.
    """
    import numpy as np

    texts = _distinct(documents)
    keys = list(texts)
    found, vectors = store.fetch(keys)
    wanted = np.flatnonzero(~found)
    errors: dict[str, ProviderError] = {}
    computed = 0
    if len(wanted):
        result = embedder.embed([texts[keys[row]] for row in wanted], progress=progress)
        good = [place for place in range(len(wanted)) if place not in result.failed]
        errors = {keys[wanted[place]]: error for place, error in result.failed.items()}
        vectors[wanted[good]] = result.vectors[good]
        store.put([keys[wanted[place]] for place in good], result.vectors[good], run_id=run_id)
        fire(_AFTER_STORE)
        computed = len(good)
    rows = {key: row for row, key in enumerate(keys)}
    sorted_out = _Sorted(errors, fingerprint=embedder.fingerprint if errors else "")
    for document in documents:
        if not sorted_out.takes(document):
            take = vectors[[rows[key] for key in document.text_hashes]]
            sorted_out.embedded.append(Embedded(document=document, vectors=take))
    total = sum(len(item.document.chunk_ids) for item in sorted_out.embedded)
    return EmbedOutcome(
        embedded=sorted_out.embedded,
        failed=sorted_out.failed,
        computed=computed,
        reused=max(0, total - computed),
        waiting=sorted_out.waiting,
        waiting_for=sorted_out.waiting_for,
    )


class _Sorted:
    """The documents of a batch by what became of them."""

    def __init__(self, errors: Mapping[str, ProviderError], *, fingerprint: str) -> None:
        self._errors = errors
        self._fingerprint = fingerprint
        self.embedded: list[Embedded] = []
        self.failed: list[Failed] = []
        self.waiting = 0
        self.waiting_for: NotSent | None = None

    def takes(self, document: Prepared) -> bool:
        """Whether a document failed or waits, which is noted."""
        broken = [key for key in document.text_hashes if key in self._errors] if self._errors else []
        if not broken:
            return False
        refused = [key for key in broken if is_refusal(self._errors[key])]
        failing = next((error for key in broken if not isinstance(error := self._errors[key], NotSent)), None)
        if failing is None:
            self.waiting += 1
            first = self._errors[broken[0]]
            self.waiting_for = first if isinstance(first, NotSent) else None
        else:
            error = self._errors[refused[0]] if refused else failing
            self.failed.append(
                Failed(
                    candidate=document.candidate,
                    stage="refused" if refused else "embed",
                    error=error.message,
                    refused=tuple(self._letter(document, key) for key in dict.fromkeys(refused)),
                )
            )
        return True

    def _letter(self, document: Prepared, text_hash: str) -> Refused:
        error = self._errors[text_hash]
        return Refused(
            uri=document.candidate.item.uri,
            text_hash=text_hash,
            fingerprint=self._fingerprint,
            chunk_id=document.chunk_ids[document.text_hashes.index(text_hash)],
            error_type=error.type,
            error=error.message,
        )


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
