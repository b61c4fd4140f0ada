"""The built-in embedder: near texts are near, and a text's vector is the same bits whatever surrounds it."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from typing import Any

import numpy as np
import pytest

from headrace.infer.embedders.base import Embedder
from headrace.infer.embedders.minilm import MAX_TOKENS, MiniLMEmbedder
from headrace.infer.embedders.minilm_session import MODEL_SHA256, TOKENIZER_SHA256

TEXTS = [
    "How do I roll back the index?",
    "The previous generation is made live again by moving the pointer back.",
    "Bread is baked at 230 degrees for forty minutes.",
    "",
    "日本語のテキスト",
    "lone surrogate \ud800 and a zero \0 byte",
    "word " * 2000,
    "x" * 5000,
    *(f"Sentence {number} about latency, cost and {'many ' * number}words." for number in range(30)),
]


@pytest.fixture(scope="module")
def embedder() -> Iterator[MiniLMEmbedder]:
    opened = MiniLMEmbedder(threads=1)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def alone(embedder: MiniLMEmbedder) -> Any:
    """Each text embedded by itself."""
    return np.stack([embedder.embed([text]).vectors[0] for text in TEXTS])


def test_it_is_an_embedder(embedder: MiniLMEmbedder) -> None:
    assert isinstance(embedder, Embedder)


def test_shape_and_length(alone: Any) -> None:
    assert alone.shape == (len(TEXTS), 384)
    assert alone.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(alone, axis=1), 1.0, atol=1e-5)


def test_near_in_meaning_is_near(alone: Any) -> None:
    question, answer, bread = alone[0], alone[1], alone[2]
    assert question @ answer > question @ bread + 0.1


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_bits_do_not_depend_on_company_order_or_threads(alone: Any, threads: int) -> None:
    order = list(range(len(TEXTS)))
    random.Random(threads).shuffle(order)
    opened = MiniLMEmbedder(threads=threads)
    vectors = opened.embed([TEXTS[at] for at in order]).vectors
    opened.close()
    assert all(vectors[place].tobytes() == alone[at].tobytes() for place, at in enumerate(order))


def test_a_query_has_the_bits_of_the_text(embedder: MiniLMEmbedder, alone: Any) -> None:
    assert embedder.embed_query(TEXTS[0]).tobytes() == alone[0].tobytes()


def test_long_texts_are_cut(embedder: MiniLMEmbedder) -> None:
    assert embedder.count_tokens(["word " * 2000]) == MAX_TOKENS
    assert embedder.count_tokens(["one", "two"]) == 6
    cut, longer = embedder.embed(["word " * 254, "word " * 300]).vectors
    assert cut.tobytes() == longer.tobytes()


def test_no_texts(embedder: MiniLMEmbedder) -> None:
    result = embedder.embed([])
    assert result.vectors.shape == (0, 384)
    assert not result.failed


def test_progress_adds_up(embedder: MiniLMEmbedder) -> None:
    told: list[int] = []
    embedder.embed([f"text {number}" for number in range(40)], progress=told.append)
    assert sum(told) == 40
    assert len(told) > 1


def test_it_works_again_after_close(alone: Any) -> None:
    opened = MiniLMEmbedder(threads=2)
    texts = TEXTS[8:]
    opened.embed(texts)
    opened.close()
    opened.close()
    assert opened.embed(texts).vectors.tobytes() == alone[8:].tobytes()
    opened.close()


def test_the_shipped_files_are_the_declared_ones() -> None:
    folder = resources.files("headrace.infer.embedders") / "minilm_data"
    assert hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest() == MODEL_SHA256
    assert hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest() == TOKENIZER_SHA256
    assert "Apache License" in (folder / "LICENSE").read_text("utf-8")


def test_a_damaged_model_fails_every_text_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.infer.embedders.minilm_session.MODEL_SHA256", "0" * 64)
    result = MiniLMEmbedder().embed(["one", "two"])
    assert sorted(result.failed) == [0, 1]
    assert "model.onnx" in result.failed[0].message
    assert not result.vectors.any()


def test_the_fingerprint_holds_the_hash_of_the_weights(embedder: MiniLMEmbedder) -> None:
    assert embedder.components["revision"] == MODEL_SHA256
    assert embedder.components["dimension"] == embedder.dimension == 384
    assert embedder.fingerprint.startswith("embedder_")
    assert embedder.fingerprint == MiniLMEmbedder().fingerprint


_FORK = """
import multiprocessing, sys
from headrace.infer.embedders.minilm import MiniLMEmbedder

def embed(embedder, texts, result):
    result.put(embedder.embed(texts).vectors.tobytes())

texts = sys.argv[1:]
embedder = MiniLMEmbedder(threads=2)
here = embedder.embed(texts).vectors.tobytes()
context = multiprocessing.get_context("fork")
result = context.Queue()
child = context.Process(target=embed, args=(embedder, texts, result))
child.start()
assert result.get(timeout=60) == here
child.join(timeout=10)
embedder.close()
"""


def test_a_forked_child_gives_the_same_bits() -> None:
    # In a process of its own: other libraries of the test process do not survive a fork.
    done = subprocess.run(
        [sys.executable, "-c", _FORK, *TEXTS[8:12]], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
