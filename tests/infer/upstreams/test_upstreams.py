"""Upstreams: Anthropic's API both ways, the breaker, prices, retries of a stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest

from headrace.errors import RetryableError, TerminalError
from headrace.infer.gateway.collecting import Collected
from headrace.infer.providers.config import ModelConfig
from headrace.infer.upstreams.base import ChatReply, ChatRequest, Tokens, Upstream
from headrace.infer.upstreams.breaker import Breaker
from headrace.infer.upstreams.build import open_upstream
from headrace.infer.upstreams.prices import cost_of
from tests.fakes.model_server import Act, ModelServer, call

T = TypeVar("T")
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Where is order 7?"},
    {"role": "assistant", "content": None, "tool_calls": [call("find_order", '{"order": 7}')]},
    {"role": "tool", "tool_call_id": "call_1", "content": '{"state": "sent"}'},
]
TOOL = {"type": "function", "function": {"name": "find_order", "parameters": {"type": "object"}}}
OBJECT = {"type": "object", "properties": {"state": {"type": "string"}}}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """The upstream."""
    with ModelServer(Act(text="It was sent.")) as running:
        yield running


def _opened(server: ModelServer, **keys: Any) -> Upstream:
    given: dict[str, Any] = {"max_retries": 1, "backoff_seconds": 0, "model": "m"} | keys
    config = ModelConfig(name="up", base_url=server.base_url, **given)
    return open_upstream("up", models={"up": config})[0]


def _run(upstream: Upstream, work: Callable[[], Awaitable[T]]) -> T:
    async def run() -> T:
        try:
            return await work()
        finally:
            await upstream.close()

    return asyncio.run(run())


async def _streamed(upstream: Upstream, request: ChatRequest) -> ChatReply:
    collected = Collected(upstream.identity)
    async for piece in upstream.stream(request):
        collected.add(piece)
    return collected.reply()


def test_anthropic_gets_its_own_shape(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_OF_A", "sk-ant-secret")
    upstream = _opened(server, api="anthropic", api_key_env="KEY_OF_A")
    request = ChatRequest(
        messages=MESSAGES,
        tools=[TOOL],
        parameters={"max_tokens": 50, "stop": "END", "tool_choice": "required"},
    )
    reply = _run(upstream, lambda: upstream.chat(request))
    assert (reply.choices[0].text, reply.choices[0].finish_reason) == ("It was sent.", "stop")
    assert reply.tokens == Tokens(11, 7, None)
    (asked,) = server.asked
    assert asked.path == "/v1/messages"
    assert (asked.headers["x-api-key"], asked.headers["anthropic-version"]) == ("sk-ant-secret", "2023-06-01")
    assert "authorization" not in asked.headers
    body = asked.body
    assert (body["system"], body["max_tokens"], body["stop_sequences"]) == ("Be brief.", 50, ["END"])
    assert body["tool_choice"] == {"type": "any"}
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][1]["content"][0]["input"] == {"order": 7}
    assert body["messages"][2]["content"][0] == {
        "type": "tool_result",
        "tool_use_id": "call_1",
        "content": '{"state": "sent"}',
    }


@pytest.mark.parametrize("streamed", [False, True])
def test_anthropic_gives_json_of_a_schema_by_a_tool(server: ModelServer, streamed: bool) -> None:
    upstream = _opened(server, api="anthropic", structured="json_schema")
    server.play(Act(tool_calls=[call("structured_output", '{"state": "sent"}')], finish_reason="tool_calls"))
    request = ChatRequest(messages=MESSAGES, json_schema=OBJECT)
    ask = (lambda: _streamed(upstream, request)) if streamed else (lambda: upstream.chat(request))
    reply = _run(upstream, ask)
    assert json.loads(reply.choices[0].text) == {"state": "sent"}
    assert (reply.choices[0].tool_calls, reply.choices[0].finish_reason) == ([], "stop")
    body = server.asked[0].body
    assert body["tool_choice"] == {"type": "tool", "name": "structured_output"}
    assert body["tools"][0]["input_schema"] == OBJECT


@pytest.mark.parametrize("api", ["openai", "anthropic"])
def test_a_stream_says_what_the_whole_answer_says(server: ModelServer, api: str) -> None:
    act = Act(
        text="Let me look.", tool_calls=[call("find_order", '{"order": 7}')], finish_reason="tool_calls"
    )
    server.play(act, act)
    upstream = _opened(server, api=api)
    request = ChatRequest(messages=MESSAGES, tools=[TOOL])

    async def both() -> tuple[ChatReply, ChatReply]:
        return await upstream.chat(request), await _streamed(upstream, request)

    whole, stream = _run(upstream, both)
    assert whole.choices == stream.choices
    assert (whole.model, whole.tokens) == (stream.model, stream.tokens)


def test_a_stream_is_tried_again_only_before_its_first_piece(server: ModelServer) -> None:
    upstream = _opened(server)
    request = ChatRequest(messages=MESSAGES)
    server.play(Act(status=503), Act(text="It was sent."))
    assert _run(upstream, lambda: _streamed(upstream, request)).choices[0].text == "It was sent."
    server.play(Act(text="It was sent a week ago.", half=True))
    with pytest.raises(RetryableError) as caught:
        _run(upstream, lambda: _streamed(upstream, request))
    assert caught.value.details["cause"] == "half_stream"
    assert len(server.asked) == 1


def test_the_breaker_opens_and_lets_one_request_try() -> None:
    now = [0.0]
    breaker = Breaker("up", failures=3, cooldown_seconds=10, clock=lambda: now[0])
    failure = RetryableError("it failed")
    breaker.failed(TerminalError("refused as asked"))
    for _ in range(3):
        breaker.enter()
        breaker.failed(failure)
    assert breaker.state == "open"
    with pytest.raises(RetryableError, match="3 times in a row") as caught:
        breaker.enter()
    assert caught.value.retry_after_seconds == 10
    now[0] = 10.0
    breaker.enter()
    with pytest.raises(RetryableError):
        breaker.enter()  # the probe is on its way
    breaker.failed(failure)
    assert breaker.state == "open"
    now[0] = 20.0
    breaker.enter()
    breaker.left()  # its caller went away: the next one may try
    breaker.enter()
    breaker.succeeded()
    for _ in range(3):
        breaker.enter()  # closed: nobody has to wait


def test_an_open_breaker_sends_nothing(server: ModelServer) -> None:
    server.always = Act(status=500)
    upstream = _opened(server, max_retries=0, breaker_failures=2)

    async def five() -> list[Any]:
        request = ChatRequest(messages=MESSAGES)
        return [await asyncio.gather(upstream.chat(request), return_exceptions=True) for _ in range(5)]

    failures = _run(upstream, five)
    assert len(server.asked) == 2
    assert failures[-1][0].details["cause"] == "circuit_open"


def test_prices_come_from_the_shipped_table_unless_configured() -> None:
    openai = ModelConfig(name="openai", base_url="https://api.openai.com/v1", model="gpt-4o-mini")
    cost = cost_of(openai, "gpt-4o-mini", input_tokens=1_000_000, output_tokens=0)
    assert cost is not None
    assert cost.micro > 0
    assert cost.currency == "USD"
    assert cost.prices.startswith("genai-prices ")
    assert cost_of(openai, "a-model-nobody-knows", input_tokens=1, output_tokens=1) is None
    assert cost_of(openai, "gpt-4o-mini", input_tokens=None, output_tokens=1) is None
    own = ModelConfig(
        name="own", base_url="https://x.example/v1", currency="EUR", price_per_million_input_tokens=2.0
    )
    cost = cost_of(own, "any", input_tokens=500_000, output_tokens=1)
    assert cost is not None
    assert (cost.micro, cost.currency, cost.prices) == (1_000_000, "EUR", "config")
