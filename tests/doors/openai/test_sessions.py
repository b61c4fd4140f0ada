"""Sessions and profiles through `/v1` and `/api` of one served workspace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from tests.doors.server.serving import client as client_of
from tests.doors.server.test_error_shape import assert_shape
from tests.fakes.model_server import ModelServer
from tests.workbench import Workbench

HELLO: Any = [{"role": "user", "content": "Hello?"}]
AGAIN: Any = [{"role": "user", "content": "Again?"}]
KEEP = {"x-headrace-session": "plain-1", "x-headrace-history": "keep"}


@pytest.fixture(scope="module")
def http(base_url: str) -> Iterator[httpx.Client]:
    with client_of(base_url.removesuffix("/v1")) as opened:
        yield opened


@pytest.fixture(scope="module")
def chat(base_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=base_url, api_key="unused", max_retries=0) as opened:
        yield opened


def test_a_chat_is_kept_and_given_back_only_where_that_is_asked_for(
    chat: openai.OpenAI, http: httpx.Client, model: ModelServer, bench: Workbench
) -> None:
    chat.chat.completions.create(model="up", messages=HELLO, user="eve", extra_headers=KEEP)
    stream = chat.chat.completions.create(
        model="up", messages=AGAIN, user="eve", stream=True, extra_headers=KEEP
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "An answer."
    assert model.asked[-1].body["messages"] == [
        *HELLO,
        {"role": "assistant", "content": "An answer."},
        *AGAIN,
    ]
    detail = http.get("/api/sessions/plain-1").json()
    assert [turn["content"] for turn in detail["items"]] == ["Hello?", "An answer.", "Again?", "An answer."]
    raw = chat.chat.completions.with_raw_response.create(
        model="up", messages=HELLO, metadata={"session": "noted-1"}, user="eve"
    )
    assert model.asked[-1].body["messages"] == HELLO, "a client that sends its own history is left alone"
    assert http.get("/api/sessions/noted-1").status_code == 404
    with bench.open() as workspace:
        (span,) = workspace.events.trace(raw.headers["x-headrace-trace-id"])
        assert span.session == "noted-1"
        assert span.subject == detail["session"]["subject"]
    with pytest.raises(openai.BadRequestError, match="cannot be the id of a session"):
        chat.chat.completions.create(
            model="up", messages=HELLO, extra_headers={"x-headrace-session": "eve@example.com"}
        )


def test_sessions_over_http(http: httpx.Client) -> None:
    turns = [{"content": "Why?"}, {"role": "assistant", "content": "So."}]
    first = http.post("/api/sessions/s-1/turns", json={"turns": turns, "user": "kim", "expect": 0})
    assert first.json() == {"session": "s-1", "first_seq": 1, "last_seq": 2, "new": True}
    late = http.post("/api/sessions/s-1/turns", json={"turns": turns, "expect": 0})
    assert late.status_code == 409
    assert_shape(late, 409, "StateConflict")
    assert late.json()["error"]["details"] == {"expected": "0", "found": "2"}
    assert [item["id"] for item in http.get("/api/sessions", params={"user": "kim"}).json()["sessions"]] == [
        "s-1"
    ]
    shown = http.get("/api/sessions/s-1", params={"last": 1}).json()
    assert [turn["content"] for turn in shown["items"]] == ["So."]
    assert http.post("/api/sessions/s-1/close").json()["state"] == "closed"
    assert http.post("/api/sessions/s-1/turns", json={"turns": turns}).status_code == 400
    assert http.post("/api/sessions/s-1/delete").json() == {"session": "s-1", "state": "deleted", "turns": 2}
    assert http.get("/api/sessions/s-1").status_code == 404


def test_profiles_over_http(http: httpx.Client) -> None:
    made = http.post("/api/profiles/greeting/kim", json={"fields": {"text": "Hi"}, "expect": 0}).json()
    assert (made["version"], made["value"]) == (1, {"text": "Hi"})
    late = http.post("/api/profiles/greeting/kim", json={"fields": {"text": "Ho"}, "expect": 0})
    assert late.status_code == 409
    assert http.post("/api/profiles/greeting/kim", json={"fields": {"text": 3}}).status_code == 400
    assert http.get("/api/profiles/greeting/kim").json() == made
    (change,) = http.get("/api/profiles/greeting/kim/history").json()["changes"]
    assert change["changes"] == [{"field": "text", "before": None, "after": "Hi"}]
    assert [item["subject"] for item in http.get("/api/profiles").json()["profiles"]] == [made["subject"]]
