"""LlamaIndex's IngestionPipeline over the benchmark corpus: UPSERTS_AND_DELETE, in-memory stores.

Document and vector store live in memory and are loaded and saved as JSON outside the clock. The
transformation cache is off: its key is the whole batch, so it could only cost time here.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.node_parser import TextSplitter
from llama_index.core.schema import Document
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.vector_stores import SimpleVectorStore
from step_protocol import (
    CountingEmbedder,
    Step,
    Stopwatch,
    count_wrong,
    fingerprint,
    read_documents,
    run_step,
    split,
)


class SectionSplitter(TextSplitter):
    """One node for each section."""

    def split_text(self, text: str) -> list[str]:
        """The sections of a document."""
        return split(text)


class PeerEmbedding(BaseEmbedding):
    """The counting embedder behind LlamaIndex's interface."""

    _embedder: CountingEmbedder = PrivateAttr()

    def __init__(self, embedder: CountingEmbedder) -> None:
        super().__init__(model_name=embedder.model, embed_batch_size=2048)
        self._embedder = embedder

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._embedder.embed(text)

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._embedder.embed(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._embedder.embed(query)


def sync(corpus: Path, state: Path, step: str, embedder: CountingEmbedder) -> Step:
    """One run of the pipeline, measured."""
    documents_file, vectors_file = str(state / "documents.json"), str(state / "vectors.json")
    loading = Stopwatch()
    known = Path(documents_file).exists()
    docstore = SimpleDocumentStore.from_persist_path(documents_file) if known else SimpleDocumentStore()
    vectors = SimpleVectorStore.from_persist_path(vectors_file) if known else SimpleVectorStore()
    pipeline = IngestionPipeline(
        transformations=[SectionSplitter(), PeerEmbedding(embedder)],
        docstore=docstore,
        vector_store=vectors,
        docstore_strategy=DocstoreStrategy.UPSERTS_AND_DELETE,
        disable_cache=True,
    )
    load_seconds = loading.seconds()
    clock = Stopwatch()
    pipeline.run(documents=[document(path, text) for path, text in read_documents(corpus)])
    seconds = clock.seconds()
    saving = Stopwatch()
    docstore.persist(documents_file)
    vectors.persist(vectors_file)
    save_seconds = saving.seconds()
    checking = Stopwatch()
    stored = held(vectors)
    wrong = count_wrong(corpus, embedder, stored=stored)
    return Step(
        step=step,
        seconds=seconds,
        embeddings=embedder.texts,
        versions=None,
        rows=stored.total(),
        wrong=wrong,
        load_seconds=load_seconds,
        save_seconds=save_seconds,
        check_seconds=checking.seconds(),
    )


def document(path: str, text: str) -> Document:
    """One file, named by its path; the path is kept out of what is embedded."""
    return Document(id_=path, text=text, metadata={"path": path}, excluded_embed_metadata_keys=["path"])


def held(store: SimpleVectorStore) -> Counter[tuple[str, bytes]]:
    """What the vector store holds, as (path, vector fingerprint) pairs."""
    owners = store.data.text_id_to_ref_doc_id
    return Counter((owners[node], fingerprint(vector)) for node, vector in store.data.embedding_dict.items())


if __name__ == "__main__":
    run_step(sync)
