"""The HTTP client against a server that misbehaves."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from headrace.errors import ProviderError, RetryableError, TerminalError
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.openai import OpenAIClient
from headrace.infer.providers.responses import pause_named
from tests.fakes.openai_server import (
    OpenAIServer,
    Reply,
    Seen,
    cut_short,
    dropped,
    error,
    json_reply,
    raw,
    slow,
    too_many,
    with_headers,
)

KEY = "sk-test-0123456789abcdef"
ASK = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def config_for(server: OpenAIServer, **settings: Any) -> ModelConfig:
    given = {"max_retries": 2, "backoff_seconds": 0.01, "timeout_seconds": 5.0} | settings
    return ModelConfig(name="acme", base_url=server.base_url, model="m", **given)


def call(server: OpenAIServer, **settings: Any) -> dict[str, Any]:
    client = OpenAIClient(config_for(server, **settings))
    try:
        return client.call("chat/completions", ASK)
    finally:
        client.close()


def failure(server: OpenAIServer, **settings: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        call(server, **settings)
    return caught.value


@pytest.mark.parametrize(
    "behaviour",
    [
        error(500),
        error(502),
        error(503),
        error(408),
        too_many(),
        too_many(retry_after="0.01"),
        dropped,
        cut_short,
    ],
    ids=["500", "502", "503", "408", "429", "429-with-wait", "dropped", "cut"],
)
def test_what_may_work_later_is_tried_again(server: OpenAIServer, behaviour: Any) -> None:
    server.misbehave(behaviour, times=2)
    assert call(server)["choices"][0]["message"]["content"] == "An answer."
    assert len(server.requests) == 3


@pytest.mark.parametrize("behaviour", [error(500), too_many(), dropped], ids=["500", "429", "dropped"])
def test_attempts_are_bounded(server: OpenAIServer, behaviour: Any) -> None:
    server.misbehave(behaviour)
    problem = failure(server)
    assert isinstance(problem, RetryableError)
    assert problem.details["attempts"] == 3
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 422, 301])
def test_a_refusal_is_not_tried_again(server: OpenAIServer, status: int) -> None:
    server.misbehave(error(status, message="no such thing"))
    problem = failure(server)
    assert isinstance(problem, TerminalError)
    assert problem.details["status"] == status
    assert "no such thing" in problem.message
    assert len(server.requests) == 1


def test_an_exhausted_quota_is_not_waited_for(server: OpenAIServer) -> None:
    server.misbehave(error(429, message="You exceeded your quota", code="insufficient_quota"))
    problem = failure(server)
    assert isinstance(problem, TerminalError)
    assert "quota" in problem.hint
    assert len(server.requests) == 1


def test_a_timeout_is_named_and_retried(server: OpenAIServer) -> None:
    server.misbehave(slow(3.0))
    problem = failure(server, timeout_seconds=0.05, max_retries=1)
    assert isinstance(problem, RetryableError)
    assert "0.05 s" in problem.message
    assert len(server.requests) == 2


def test_nobody_there(server: OpenAIServer) -> None:
    server.close()
    problem = failure(server)
    assert isinstance(problem, RetryableError)
    assert server.base_url in problem.message


@pytest.mark.parametrize("body", [b"{oops", b"<html>502</html>", b"", b"[1]", b"null", b"\xff\xfe\x00"])
def test_a_body_that_is_no_json_object(server: OpenAIServer, body: bytes) -> None:
    server.misbehave(raw(body))
    problem = failure(server)
    assert isinstance(problem, TerminalError)
    assert problem.details["cause"] == "malformed"
    assert len(server.requests) == 1


def test_an_error_in_a_200(server: OpenAIServer) -> None:
    server.misbehave(raw(b'{"error": {"message": "model is loading for ever"}}'))
    assert "model is loading for ever" in failure(server).message


def test_a_long_excerpt_is_cut(server: OpenAIServer) -> None:
    server.misbehave(raw(b"x" * 5000))
    assert len(failure(server).message) < 500


def test_an_endless_response_is_refused(server: OpenAIServer) -> None:
    server.misbehave(raw(b" " * 50_000))
    problem = failure(server, max_response_bytes=10_000)
    assert isinstance(problem, TerminalError)
    assert "10000 bytes" in problem.message
    assert len(server.requests) == 1


def test_the_wait_asked_for_is_kept(server: OpenAIServer) -> None:
    server.misbehave(too_many(retry_after="0.3"), times=1)
    started = time.monotonic()
    call(server, backoff_seconds=0.0)
    assert time.monotonic() - started >= 0.3


def test_a_wait_that_is_too_long_is_not_waited(server: OpenAIServer) -> None:
    server.misbehave(too_many(retry_after="3600"))
    problem = failure(server, max_wait_seconds=1.0)
    assert isinstance(problem, RetryableError)
    assert problem.retry_after_seconds == 3600
    assert len(server.requests) == 1


@pytest.mark.parametrize("limit", ["requests", "tokens"])
def test_a_limit_that_is_used_up_is_waited_for_before_it_is_refused(server: OpenAIServer, limit: str) -> None:
    headers = {f"x-ratelimit-remaining-{limit}": "0", f"x-ratelimit-reset-{limit}": "80ms"}
    server.misbehave(with_headers(headers), times=1)
    client = OpenAIClient(config_for(server))
    try:
        client.call("chat/completions", ASK)
        began = time.monotonic()
        client.call("chat/completions", ASK)
        assert time.monotonic() - began >= 0.07
    finally:
        client.close()


def test_a_limit_that_is_not_used_up_costs_no_time() -> None:
    assert pause_named({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "60s"}) is None
    assert pause_named({"x-ratelimit-reset-tokens": "60s"}) is None
    assert pause_named({"x-ratelimit-remaining-tokens": "0"}) is None
    both = {f"x-ratelimit-remaining-{name}": "0" for name in ("requests", "tokens")}
    both |= {"x-ratelimit-reset-requests": "1m", "x-ratelimit-reset-tokens": "20ms"}
    assert pause_named(both) == 60.0


def test_the_rate_limit_spaces_requests(server: OpenAIServer) -> None:
    client = OpenAIClient(config_for(server, requests_per_minute=1200))
    started = time.monotonic()
    for future in [client.submit("chat/completions", ASK) for _ in range(5)]:
        future.result()
    client.close()
    assert time.monotonic() - started >= 4 * 0.05


def test_no_more_at_once_than_allowed(server: OpenAIServer) -> None:
    server.misbehave(slow(0.03))
    client = OpenAIClient(config_for(server, max_concurrency=2))
    for future in [client.submit("chat/completions", ASK) for _ in range(8)]:
        future.result()
    client.close()
    assert server.most_at_once == 2


def test_the_key_is_sent_and_shown_nowhere(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", KEY)

    def repeat_the_key(seen: Seen, reply: Reply) -> Reply:
        return json_reply({"error": {"message": f"wrong key: {seen.headers['authorization']}"}}, status=401)

    server.misbehave(repeat_the_key)
    settings = {"api_key_env": "ACME_KEY"}
    problem = failure(server, **settings)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    client = OpenAIClient(config_for(server, **settings))
    shown = [
        problem.message,
        problem.hint,
        repr(problem),
        str(problem.to_wire()),
        repr(client),
        repr(client.config),
    ]
    assert all(KEY not in text for text in shown)
    assert problem.__cause__ is None


@pytest.mark.parametrize("body", [KEY.encode() * 3, b'{"x": "' + KEY.encode() + b'"'])
def test_the_key_is_scrubbed_from_malformed_bodies(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setenv("ACME_KEY", KEY)
    server.misbehave(raw(body))
    assert KEY not in str(failure(server, api_key_env="ACME_KEY").to_wire())


def test_a_key_that_is_not_set(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACME_KEY", raising=False)
    problem = failure(server, api_key_env="ACME_KEY")
    assert isinstance(problem, TerminalError)
    assert "'ACME_KEY'" in problem.message
    assert not server.requests


def test_a_redirect_does_not_take_the_key_along(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_KEY", KEY)
    with OpenAIServer() as elsewhere:
        server.misbehave(error(307, location=f"{elsewhere.base_url}/chat/completions"))
        failure(server, api_key_env="ACME_KEY")
        assert not elsewhere.requests


_FORK = """
import multiprocessing, sys
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.openai import OpenAIClient

ASK = {"model": "m", "messages": []}

def call(client, result):
    result.put(client.call("chat/completions", ASK)["id"])

client = OpenAIClient(ModelConfig(name="fake", base_url=sys.argv[1], model="m"))
client.call("chat/completions", ASK)
context = multiprocessing.get_context("fork")
result = context.Queue()
child = context.Process(target=call, args=(client, result))
child.start()
assert result.get(timeout=10) == "chatcmpl-1"
child.join(timeout=10)
assert client.call("chat/completions", ASK)["id"] == "chatcmpl-1"
client.close()
"""


def test_a_forked_child_opens_its_own_connection(server: OpenAIServer) -> None:
    # In a process of its own: other libraries of the test process do not survive a fork.
    done = subprocess.run(
        [sys.executable, "-c", _FORK, server.base_url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(server.requests) == 3
