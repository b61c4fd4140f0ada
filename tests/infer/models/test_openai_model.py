"""Models behind an endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headrace.errors import RetryableError, TerminalError
from headrace.infer.models.base import GenerateRequest, Generation, Model
from headrace.infer.models.openai import OpenAIModel
from headrace.infer.providers.config import ModelConfig
from tests.fakes.openai_server import OpenAIServer, error, json_reply, raw

REQUEST = GenerateRequest(
    messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}],
    question="Why?",
    passages=[],
    parameters={"temperature": 0, "max_tokens": 5},
)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(answer='Because. [1: "it is so"]') as running:
        yield running


def generate(server: OpenAIServer, request: GenerateRequest = REQUEST) -> Generation:
    config = ModelConfig(
        name="acme", base_url=server.base_url, model="large", max_retries=1, backoff_seconds=0.005
    )
    model = OpenAIModel(config)
    try:
        assert isinstance(model, Model)
        return model.generate(request)
    finally:
        model.close()


def test_an_answer(server: OpenAIServer) -> None:
    assert generate(server) == Generation(
        text='Because. [1: "it is so"]',
        model="large",
        input_tokens=11,
        output_tokens=7,
        finish_reason="stop",
        raw_id="chatcmpl-1",
    )
    (seen,) = server.requests
    assert seen.path == "/v1/chat/completions"
    assert seen.body == {"model": "large", "temperature": 0, "max_tokens": 5, "messages": REQUEST.messages}


def test_the_prompt_may_name_the_model(server: OpenAIServer) -> None:
    request = GenerateRequest(messages=[], question="", passages=[], parameters={"model": "small"})
    assert generate(server, request).model == "small"


@pytest.mark.parametrize("text", ["NO ANSWER", "no answer.", " \n", "**NO ANSWER**"])
def test_no_answer_is_said_in_one_way(server: OpenAIServer, text: str) -> None:
    server.answer = text
    result = generate(server)
    assert (result.text, result.finish_reason) == ("", "no_answer")


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ({"message": {"content": None, "refusal": "no"}, "finish_reason": "stop"}, "content_filter"),
        ({"message": {"content": None}, "finish_reason": "length"}, "length"),
        ({"message": {"content": "Half of"}, "finish_reason": "length"}, "length"),
        ({"message": {"content": "All"}}, "stop"),
    ],
)
def test_why_it_ended(server: OpenAIServer, choice: dict[str, Any], reason: str) -> None:
    server.misbehave(lambda seen, reply: json_reply({"choices": [choice], "usage": None}))
    result = generate(server)
    assert result.finish_reason == reason
    assert (result.input_tokens, result.output_tokens, result.raw_id) == (None, None, None)


@pytest.mark.parametrize(
    "body", [b"{}", b'{"choices": []}', b'{"choices": [{}]}', b'{"choices": [{"message": 1}]}']
)
def test_no_message(server: OpenAIServer, body: bytes) -> None:
    server.misbehave(raw(body))
    with pytest.raises(TerminalError, match="choices"):
        generate(server)


def test_errors_come_through(server: OpenAIServer) -> None:
    server.misbehave(error(503))
    with pytest.raises(RetryableError):
        generate(server)
