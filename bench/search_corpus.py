"""A workspace of many chunks for the search benchmark, made in a minute rather than embedded for an hour.

Real sentences (the language reference that every Python ships as `pydoc_data.topics`) are embedded with
`minilm`. A record is two neighbouring sentences and two from anywhere; its vector is the mean of theirs,
weighted by length, plus noise. The vectors are put into the embedding store, so that the sync which builds
the index is the product's own and computes none.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CONFIG = """\
[corpus.bench]
sources = [
  { type = "records", path = "corpus.jsonl", id = "id", text = ["text"], metadata = ["topic", "size"] },
]

[corpus.bench.recipe]
embedder = "minilm"
chunk_tokens = 1024
chunk_overlap = 0
"""
QUESTIONS = (
    "how are default values of function parameters evaluated",
    "what happens when an exception is raised in a finally clause",
    "assignment to an attribute of an instance",
    "how does the import system find a module",
    "operator precedence of comparisons",
    "can a generator be closed while it is running",
    "when is a destructor called",
    "format a floating point number with two decimals",
    "difference between a list and a tuple",
    "what does the global statement do",
    "asynchronous iteration with async for",
    "how to set a breakpoint in the debugger",
    "rich comparison methods and hashing",
    "metaclass of a class definition",
    "truth value of an object",
    "slicing with a negative step",
    "which characters may an identifier have",
    "context manager exit method return value",
    "shifting operations on integers",
    "annotations of a function are evaluated lazily",
)
_NOISE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Texts with their vectors."""

    texts: list[str]
    vectors: NDArray[np.float32]
    """(texts, 384), unit length."""
    likeness: float
    """Mean cosine between the vector of a text here and the one that the embedder gives it."""


def sentences() -> list[str]:
    """About 2,100 sentences of technical English, in the order of the reference."""
    from pydoc_data.topics import topics

    text = re.sub(r"\s+", " ", " ".join(topics.values()))
    found = [part.strip() for part in re.split(r"(?<=[.!?])\s+(?=[A-Z])", text)]
    return [part for part in found if 40 < len(part) < 300]


def make(embedder: Any, *, chunks: int, seed: int = 1, sample: int = 50) -> Corpus:
    """Texts and vectors, the same for the same seed."""
    base = sentences()
    known = embedder.embed(base).vectors
    chance = np.random.default_rng(seed)
    first = chance.integers(0, len(base) - 1, chunks)
    rows = np.column_stack([first, first + 1, chance.integers(0, len(base), (chunks, 2))])
    lengths = np.array([len(text) for text in base], dtype=np.float32)
    vectors = np.zeros((chunks, known.shape[1]), dtype=np.float32)
    for column in rows.T:
        vectors += known[column] * lengths[column][:, None]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    noise = chance.standard_normal(vectors.shape, dtype=np.float32)
    vectors += noise * np.float32(_NOISE / vectors.shape[1] ** 0.5)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = [" ".join(base[place] for place in row) + f" Entry {n}." for n, row in enumerate(rows.tolist())]
    real = embedder.embed(texts[:sample]).vectors
    likeness = float((real * vectors[:sample]).sum(axis=1).mean())
    return Corpus(texts=texts, vectors=vectors, likeness=likeness)


def write(folder: Path, corpus: Corpus) -> None:
    """Write configuration and records of a workspace."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "headrace.toml").write_text(CONFIG, encoding="utf-8")
    with (folder / "corpus.jsonl").open("w", encoding="utf-8") as out:
        for number, text in enumerate(corpus.texts):
            record = {"id": str(number), "text": text, "topic": f"t{number % 50}", "size": number % 1000}
            out.write(json.dumps(record) + "\n")


def prefill(workspace: Any, embedder: Any, corpus: Corpus) -> None:
    """Put the vectors where a sync looks before it embeds."""
    from headrace.infer.embedders.store import EmbeddingStore
    from headrace.ledger.identity import digest_text

    store = EmbeddingStore(
        workspace.config.storage.index, fingerprint=embedder.fingerprint, dimension=embedder.dimension
    )
    keys = dict.fromkeys(digest_text("text", text) for text in corpus.texts)
    store.put(list(keys), corpus.vectors, run_id="bench")
