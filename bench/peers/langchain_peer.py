"""LangChain's index() over the benchmark corpus: SQLite record manager, in-memory vector store, full cleanup.

The vector store lives in memory and is loaded and saved outside the clock; the record manager's
database is on disk and inside it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from langchain_classic.indexes import SQLRecordManager
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.indexing import index
from langchain_core.vectorstores import InMemoryVectorStore
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

BATCH_CHUNKS = 1000


class PeerEmbeddings(Embeddings):
    """The counting embedder behind LangChain's interface."""

    def __init__(self, embedder: CountingEmbedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text."""
        return [self._embedder.embed(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a query."""
        return self._embedder.embed(text)


def sync(corpus: Path, state: Path, step: str, embedder: CountingEmbedder) -> Step:
    """One call of index(), measured."""
    vectors_file = state / "vectors.json"
    loading = Stopwatch()
    store = InMemoryVectorStore(PeerEmbeddings(embedder))
    if vectors_file.exists():
        store.store = json.loads(vectors_file.read_text(encoding="utf-8"))
    load_seconds = loading.seconds()
    clock = Stopwatch()
    records = SQLRecordManager("bench", db_url=f"sqlite:///{state / 'records.sqlite'}")
    records.create_schema()
    index(
        chunks(corpus),
        records,
        store,
        batch_size=BATCH_CHUNKS,
        cleanup="full",
        source_id_key="path",
        key_encoder="blake2b",
    )
    seconds = clock.seconds()
    saving = Stopwatch()
    vectors_file.write_text(json.dumps(store.store), encoding="utf-8")
    save_seconds = saving.seconds()
    checking = Stopwatch()
    stored = Counter((row["metadata"]["path"], fingerprint(row["vector"])) for row in store.store.values())
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


def chunks(corpus: Path) -> Iterator[Document]:
    """Every section of every file, read as it is asked for."""
    for path, text in read_documents(corpus):
        for chunk in split(text):
            yield Document(page_content=chunk, metadata={"path": path})


if __name__ == "__main__":
    run_step(sync)
