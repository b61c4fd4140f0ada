"""The hash embedder: shared words bring texts together, and every machine gives the same vectors."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.infer.embedders.base import Embedder, components_of, fingerprint_of
from headrace.infer.embedders.hash import HashEmbedder
from headrace.infer.embedders.validate import check_vectors


def test_it_is_an_embedder() -> None:
    assert isinstance(HashEmbedder(), Embedder)


def test_a_vector_is_what_it_was_on_every_machine() -> None:
    vector = HashEmbedder(dimension=8).embed_query("moving the pointer back moves the index back")
    counts = np.array([-1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 3.0])
    np.testing.assert_allclose(vector, counts / np.sqrt(12.0), atol=1e-6)


def test_another_process_gives_the_same_bits() -> None:
    code = (
        "from headrace.infer.embedders.hash import HashEmbedder;"
        "print(HashEmbedder().embed(['one two', 'two three']).vectors.tobytes().hex())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == HashEmbedder().embed(["one two", "two three"]).vectors.tobytes().hex()


@settings(deadline=None)
@given(st.lists(st.text(max_size=30), max_size=20), st.integers(2, 70))
def test_every_text_has_a_unit_vector_of_its_own(texts: list[str], dimension: int) -> None:
    embedder = HashEmbedder(dimension=dimension)
    vectors = embedder.embed(texts).vectors
    assert vectors.shape == (len(texts), dimension)
    assert not check_vectors(list(vectors), dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        assert embedder.embed_query(text).tobytes() == vector.tobytes()


def test_shared_words_bring_texts_together() -> None:
    one, near, far = (
        HashEmbedder(dimension=256)
        .embed(["roll back the index", "how to roll the index back", "bake bread in an oven"])
        .vectors
    )
    assert one @ near > 0.7 > 0.4 > one @ far


def test_progress_adds_up_over_blocks() -> None:
    told: list[int] = []
    HashEmbedder(dimension=4).embed(["a"] * 10_000, progress=told.append)
    assert sum(told) == 10_000
    assert len(told) == 3


def test_names_and_dimensions() -> None:
    assert HashEmbedder().name == "hash"
    assert HashEmbedder(dimension=8).name == "hash:8"
    assert HashEmbedder(dimension=8).fingerprint != HashEmbedder().fingerprint
    with pytest.raises(ValueError, match="65536"):
        HashEmbedder(dimension=1)


def test_each_component_changes_the_fingerprint() -> None:
    base = components_of("acme", "small", revision="1", dimension=8)
    prints = {fingerprint_of(base)}
    for key in base:
        prints.add(
            fingerprint_of(base | {key: {"document": "x", "query": ""} if key == "prefixes" else "changed"})
        )
    assert len(prints) == len(base) + 1


def test_counting_words() -> None:
    assert HashEmbedder().count_tokens(["one two", "three."]) == 3
