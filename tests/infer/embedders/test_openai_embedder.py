"""Embedders behind an endpoint that misbehaves: what fails, fails alone and with its reason."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import ProviderError, RetryableError, TerminalError, VectorMismatch
from headrace.infer.embedders.base import Embedded, Embedder
from headrace.infer.embedders.batches import estimate_tokens, plan_batches
from headrace.infer.embedders.openai import OpenAIEmbedder
from headrace.infer.providers.config import ModelConfig
from tests.fakes.openai_server import (
    OpenAIServer,
    Reply,
    Seen,
    error,
    json_reply,
    raw,
    refusing,
    swapped,
    too_many,
    vector_of,
    with_vector,
    without_rows,
)

TEXTS = [f"text number {number}" for number in range(10)]
Open = Callable[..., OpenAIEmbedder]


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(dimension=8) as running:
        yield running


@pytest.fixture
def opened(server: OpenAIServer) -> Iterator[Open]:
    embedders: list[OpenAIEmbedder] = []

    def open_one(**given: Any) -> OpenAIEmbedder:
        plain: dict[str, Any] = {
            "max_retries": 1,
            "backoff_seconds": 0.005,
            "dimensions": 8,
            "max_batch_texts": 4,
        }
        config = ModelConfig(name="acme", base_url=server.base_url, model="small", **(plain | given))
        embedders.append(OpenAIEmbedder(config))
        return embedders[-1]

    yield open_one
    for embedder in embedders:
        embedder.close()


def expected(texts: Sequence[str], dimension: int = 8) -> Any:
    vectors = np.array([vector_of(text, dimension) for text in texts])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def check(result: Embedded, *, failed: Sequence[int] = (), kind: type[ProviderError] = ProviderError) -> None:
    """Every text has its own unit vector, but for the failed ones, whose rows are zero."""
    assert sorted(result.failed) == list(failed)
    assert all(isinstance(problem, kind) for problem in result.failed.values())
    wanted = expected(TEXTS)
    wanted[list(failed)] = 0.0
    np.testing.assert_allclose(result.vectors, wanted, atol=1e-6)
    assert result.vectors.dtype == np.float32


@pytest.mark.parametrize("base64_vectors", [True, False])
def test_batches_come_back_in_order(server: OpenAIServer, opened: Open, base64_vectors: bool) -> None:
    check(opened(base64_vectors=base64_vectors).embed(TEXTS))
    assert sorted(len(seen.texts) for seen in server.requests) == [2, 4, 4]
    assert server.requests[0].body["encoding_format"] == ("base64" if base64_vectors else "float")
    assert server.requests[0].body["dimensions"] == 8


def test_it_is_an_embedder(opened: Open) -> None:
    assert isinstance(opened(), Embedder)


def test_no_texts(server: OpenAIServer, opened: Open) -> None:
    assert opened().embed([]).vectors.shape == (0, 8)
    assert not server.requests


def test_order_is_by_index(server: OpenAIServer, opened: Open) -> None:
    server.misbehave(swapped)
    check(opened().embed(TEXTS))


@pytest.mark.parametrize("behaviour", [too_many(retry_after="0.01"), error(500)], ids=["429", "500"])
def test_a_short_outage_fails_nothing(server: OpenAIServer, opened: Open, behaviour: Any) -> None:
    server.misbehave(behaviour, times=2)
    check(opened(max_retries=4).embed(TEXTS))


@pytest.mark.parametrize(
    ("vector", "said"),
    [
        ([1.0] * 7, "shape"),
        ([1.0] * 9, "shape"),
        ([1.0] * 7 + [float("nan")], "NaN"),
        ([1.0] * 7 + [float("inf")], "infinity"),
        ([1e300] * 8, "infinity"),
        ([0.0] * 8, "zero"),
        ([], "shape"),
        ("not base64!", "no vector"),
        ([[1.0], [2.0, 3.0]], "no vector"),
    ],
    ids=["short", "long", "nan", "inf", "huge", "zero", "empty", "not-base64", "ragged"],
)
def test_a_vector_that_cannot_be_used_fails_its_text(
    server: OpenAIServer, opened: Open, vector: Any, said: str
) -> None:
    server.misbehave(with_vector(vector, at=1), times=1)
    result = opened(max_concurrency=1).embed(TEXTS)
    check(result, failed=[1], kind=VectorMismatch)
    assert said in result.failed[1].message


def test_missing_rows_fail_their_texts(server: OpenAIServer, opened: Open) -> None:
    server.misbehave(without_rows(0, 2), times=1)
    check(opened(max_concurrency=1).embed(TEXTS), failed=[0, 2], kind=VectorMismatch)


def test_one_index_given_twice_is_trusted_for_neither(server: OpenAIServer, opened: Open) -> None:
    def twice(seen: Seen, reply: Reply) -> Reply:
        row = {"index": 0, "embedding": [1.0] * 8}
        return json_reply({"data": [row, row]})

    server.misbehave(twice, times=1)
    check(opened(max_concurrency=1).embed(TEXTS), failed=[0, 1, 2, 3], kind=VectorMismatch)


@pytest.mark.parametrize("body", [b'{"data": []}', b"{}", b'{"data": "none"}', b'{"data": [null]}'])
def test_nothing_back_fails_the_batch(server: OpenAIServer, opened: Open, body: bytes) -> None:
    server.misbehave(raw(body), times=1)
    check(opened(max_concurrency=1).embed(TEXTS), failed=[0, 1, 2, 3], kind=VectorMismatch)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_one_bad_text_fails_alone(server: OpenAIServer, opened: Open, status: int) -> None:
    server.misbehave(refusing("number 6", status=status))
    result = opened().embed(TEXTS)
    check(result, failed=[6], kind=TerminalError)
    assert "not allowed" in result.failed[6].message


def test_a_provider_that_is_down_is_left_alone(server: OpenAIServer, opened: Open) -> None:
    server.misbehave(error(503))
    embedder = opened(max_batch_texts=1, max_concurrency=1)
    result = embedder.embed(TEXTS)
    check(result, failed=range(10), kind=RetryableError)
    assert len(server.requests) == 3 * 2
    assert "keeps failing" in result.failed[9].message
    assert "503" in result.failed[9].message
    check(embedder.embed(TEXTS), failed=range(10))
    assert len(server.requests) == 3 * 2
    with pytest.raises(RetryableError):
        embedder.embed_query("a question")


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_key_or_model_is_asked_once(server: OpenAIServer, opened: Open, status: int) -> None:
    server.misbehave(error(status))
    check(opened(max_concurrency=1).embed(TEXTS), failed=range(10), kind=TerminalError)
    assert len(server.requests) == 1


def test_refusing_every_text_ends_too(server: OpenAIServer, opened: Open) -> None:
    server.misbehave(error(400))
    result = opened(max_batch_texts=1, max_concurrency=1).embed([f"text {number}" for number in range(100)])
    assert len(result.failed) == 100
    assert len(server.requests) == 9


def test_the_circuit_lets_one_through_after_a_while(
    server: OpenAIServer, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.misbehave(error(401))
    embedder = opened()
    embedder.embed(TEXTS)
    server.behave()
    monkeypatch.setattr(embedder._circuit, "_cooldown_seconds", 0.0)
    check(embedder.embed(TEXTS))


def test_a_missing_key_fails_every_text(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACME_KEY", raising=False)
    result = opened(api_key_env="ACME_KEY").embed(TEXTS)
    assert len(result.failed) == 10
    assert all("'ACME_KEY'" in problem.message for problem in result.failed.values())


def test_blank_texts_are_not_sent(server: OpenAIServer, opened: Open) -> None:
    result = opened().embed(["one", "", " \n", "two"])
    assert sorted(result.failed) == [1, 2]
    assert sorted(server.texts) == ["one", "two"]


def test_progress_is_told_in_the_calling_thread(server: OpenAIServer, opened: Open) -> None:
    server.misbehave(refusing("number 6"))
    told: list[tuple[int, str]] = []
    opened().embed(TEXTS, progress=lambda done: told.append((done, threading.current_thread().name)))
    assert sum(done for done, _ in told) == 10
    assert {name for _, name in told} == {threading.current_thread().name}


def test_a_failing_progress_callback_is_the_callers_error(opened: Open) -> None:
    def fail(done: int) -> None:
        raise KeyError(done)

    embedder = opened()
    with pytest.raises(KeyError):
        embedder.embed(TEXTS, progress=fail)
    check(embedder.embed(TEXTS))


def test_prefixes_and_queries(server: OpenAIServer, opened: Open) -> None:
    embedder = opened(document_prefix="passage: ", query_prefix="query: ")
    embedder.embed(["one"])
    vector = embedder.embed_query("two")
    assert server.texts == ["passage: one", "query: two"]
    np.testing.assert_allclose(vector, expected(["query: two"])[0], atol=1e-6)


def test_a_query_with_a_bad_vector_raises(server: OpenAIServer, opened: Open) -> None:
    server.misbehave(with_vector([1.0] * 3))
    with pytest.raises(VectorMismatch):
        opened().embed_query("a question")


def test_an_unknown_dimension_is_asked_once(server: OpenAIServer, opened: Open) -> None:
    embedder = opened(dimensions=None)
    assert embedder.dimension == 8
    assert embedder.fingerprint == opened(dimensions=8).fingerprint
    check(embedder.embed(TEXTS))
    assert len(server.requests) == 1 + 3
    assert all("dimensions" not in seen.body for seen in server.requests)


def test_an_unknown_dimension_of_a_provider_that_is_down(server: OpenAIServer, opened: Open) -> None:
    server.misbehave(error(500))
    embedder = opened(dimensions=None)
    with pytest.raises(RetryableError):
        _ = embedder.dimension
    assert len(embedder.embed(TEXTS).failed) == 10


def test_a_declared_dimension_may_be_kept_from_the_server(server: OpenAIServer, opened: Open) -> None:
    opened(send_dimensions=False).embed(["one"])
    assert "dimensions" not in server.requests[0].body


def test_the_model_the_server_says_it_used_is_noted(server: OpenAIServer, opened: Open) -> None:
    server.echo_model = "small-2"
    assert opened().embed(TEXTS).echoed_models == ("small-2",)


BASE = ModelConfig(name="acme", base_url="http://127.0.0.1:9/v1", model="small", dimensions=8)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"model": "large"},
        {"revision": "2"},
        {"dimensions": 16},
        {"document_prefix": "passage: "},
        {"query_prefix": "query: "},
    ],
)
def test_the_fingerprint_changes_with_what_shapes_vectors(change: dict[str, Any]) -> None:
    assert OpenAIEmbedder(replace(BASE, **change)).fingerprint != OpenAIEmbedder(BASE).fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "http://127.0.0.1:10/v1"},
        {"api_key_env": "OTHER"},
        {"timeout_seconds": 1.0},
        {"max_batch_texts": 2},
        {"base64_vectors": False},
    ],
)
def test_the_fingerprint_does_not_change_with_how_it_is_reached(change: dict[str, Any]) -> None:
    assert OpenAIEmbedder(replace(BASE, **change)).fingerprint == OpenAIEmbedder(BASE).fingerprint


@settings(deadline=None)
@given(st.lists(st.text(max_size=60), max_size=40), st.integers(1, 9), st.integers(1, 40))
def test_batches_hold_every_text_once_and_keep_their_limits(texts: list[str], most: int, tokens: int) -> None:
    batches = list(plan_batches(texts, range(len(texts)), max_texts=most, max_tokens=tokens))
    assert [at for batch in batches for at in batch] == list(range(len(texts)))
    for batch in batches:
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or sum(estimate_tokens(texts[at]) for at in batch) <= tokens
