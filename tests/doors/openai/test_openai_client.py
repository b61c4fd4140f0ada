"""The unmodified `openai` package against a served workspace."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel

from tests.fakes.model_server import Act, ModelServer, call
from tests.workbench import Workbench

HELLO: Any = [{"role": "user", "content": "Hello?"}]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "find_order",
        "parameters": {"type": "object", "properties": {"order": {"type": "integer"}}, "required": ["order"]},
    },
}


class Invoice(BaseModel):
    total: float
    currency: Literal["EUR", "USD"]


@pytest.fixture(scope="module")
def client(base_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=base_url, api_key="unused", max_retries=0) as opened:
        yield opened


def test_a_chat_goes_through_and_leaves_a_span(
    client: openai.OpenAI, bench: Workbench, model: ModelServer
) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="up", messages=HELLO, temperature=0.2, user="u1", extra_body={"top_k": 4}
    )
    done = raw.parse()
    assert done.choices[0].message.content == "An answer."
    assert (done.choices[0].finish_reason, done.model) == ("stop", "good")
    assert done.usage is not None
    assert done.usage.total_tokens == 18
    sent = model.asked[0].body
    assert (sent["model"], sent["temperature"], sent["top_k"]) == ("good", 0.2, 4)
    assert "user" not in sent
    with bench.open() as workspace:
        (span,) = workspace.events.trace(raw.headers["x-headrace-trace-id"])
    assert (span.kind, span.status, span.model) == ("call", "ok", "good")


def test_a_model_that_nobody_knows_is_passed_on(client: openai.OpenAI, model: ModelServer) -> None:
    assert client.chat.completions.create(model="gpt-9", messages=HELLO).model == "gpt-9"
    assert model.asked[0].body["model"] == "gpt-9"


def test_a_stream_arrives_in_pieces_with_usage(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="up", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
    )
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert "".join(piece or "" for piece in pieces) == "An answer."
    assert len([piece for piece in pieces if piece]) > 1
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 7


def test_tools_whole_and_streamed(client: openai.OpenAI, model: ModelServer) -> None:
    act = Act(tool_calls=[call("find_order", '{"order": 7}')], finish_reason="tool_calls")
    model.play(act, act)
    done = client.chat.completions.create(model="up", messages=HELLO, tools=[TOOL])
    assert done.choices[0].finish_reason == "tool_calls"
    calls: Any = done.choices[0].message.tool_calls
    (made,) = calls
    assert (made.function.name, json.loads(made.function.arguments)) == ("find_order", {"order": 7})
    with client.chat.completions.stream(model="up", messages=HELLO, tools=[TOOL]) as stream:
        final = stream.get_final_completion()
    calls = final.choices[0].message.tool_calls
    (streamed,) = calls
    assert json.loads(streamed.function.arguments) == {"order": 7}
    result = {"role": "tool", "tool_call_id": "call_1", "content": "sent yesterday"}
    answered = [*HELLO, {"role": "assistant", "tool_calls": [made.model_dump()]}, result]
    assert client.chat.completions.create(model="up", messages=answered, tools=[TOOL]).choices


def test_structured_output_is_asked_for_again(client: openai.OpenAI, model: ModelServer) -> None:
    model.play(
        Act(text='{"total": "much", "currency": "EUR"}'),
        Act(text='```json\n{"total": 12.5, "currency": "EUR"}\n```'),
    )
    done = client.chat.completions.parse(model="up", messages=HELLO, response_format=Invoice)
    assert done.choices[0].message.parsed == Invoice(total=12.5, currency="EUR")
    assert len(model.asked) == 2


def test_json_mode_takes_any_object_and_nothing_else(client: openai.OpenAI, model: ModelServer) -> None:
    model.play(Act(text="[1]"), Act(text='{"a": 1}'))
    done = client.chat.completions.create(model="up", messages=HELLO, response_format={"type": "json_object"})
    assert json.loads(done.choices[0].message.content or "") == {"a": 1}


def test_several_choices(client: openai.OpenAI, model: ModelServer) -> None:
    model.play(Act(choices=["one", "two"]))
    done = client.chat.completions.create(model="up", messages=HELLO, n=2)
    assert [choice.message.content for choice in done.choices] == ["one", "two"]


def test_a_prompt_is_a_model(client: openai.OpenAI, model: ModelServer) -> None:
    model.play(Act(text='{"text": "Good day, Ada."}'))
    done = client.chat.completions.create(model="prompt:greet", messages=[], metadata={"name": "Ada"})
    assert json.loads(done.choices[0].message.content or "") == {"text": "Good day, Ada."}
    assert model.asked[0].body["messages"][-1]["content"] == "Greet Ada."
    with pytest.raises(openai.BadRequestError, match="name"):
        client.chat.completions.create(model="prompt:greet", messages=[])
    assert len(model.asked) == 1


def test_what_never_becomes_valid_is_kept(
    client: openai.OpenAI, bench: Workbench, model: ModelServer
) -> None:
    model.play(*[Act(text="nothing of the kind")] * 4)
    with pytest.raises(openai.UnprocessableEntityError) as raised:
        client.chat.completions.parse(model="up", messages=HELLO, response_format=Invoice)
    assert raised.value.code == "dead_letter"
    letter = raised.value.response.headers["x-headrace-dead-letter"]
    with bench.open() as workspace:
        kept = workspace.calls.letter(letter)
    assert [attempt["raw_output"] for attempt in kept.attempts] == ["nothing of the kind"] * len(
        kept.attempts
    )


def test_a_refusal_is_a_refusal(client: openai.OpenAI, model: ModelServer) -> None:
    model.play(Act(refusal="I will not."))
    done = client.chat.completions.parse(model="up", messages=HELLO, response_format=Invoice)
    assert (done.choices[0].message.refusal, done.choices[0].message.parsed) == ("I will not.", None)


@pytest.mark.parametrize(
    ("asked", "error", "param"),
    [
        ({"model": "prompt:nothing", "messages": HELLO}, openai.NotFoundError, "model"),
        ({"model": "", "messages": HELLO}, openai.BadRequestError, "model"),
        ({"model": "up", "messages": []}, openai.BadRequestError, "messages"),
        ({"model": "up", "messages": [{"content": "x"}]}, openai.BadRequestError, "messages[0].role"),
        ({"model": "up", "messages": HELLO, "response_format": {"type": "xml"}}, openai.BadRequestError,
         "response_format"),
        ({"model": "up", "messages": HELLO, "tools": [{"type": "function"}]}, openai.BadRequestError, None),
    ],
)  # fmt: skip
def test_wrong_requests_are_the_clients_own_errors(
    client: openai.OpenAI, model: ModelServer, asked: dict[str, object], error: type[Exception], param: str
) -> None:
    with pytest.raises(error) as raised:
        client.chat.completions.create(**asked)  # type: ignore[call-overload]
    assert raised.value.param == param  # type: ignore[attr-defined]
    assert model.asked == []


@pytest.mark.parametrize(
    ("act", "status"), [(Act(status=500), 502), (Act(body=b"<html>"), 502), (Act(drop=True), 502)]
)
def test_an_upstream_that_fails(client: openai.OpenAI, model: ModelServer, act: Act, status: int) -> None:
    model.play(*[act] * 4)
    with pytest.raises(openai.APIStatusError) as raised:
        client.chat.completions.create(model="up", messages=HELLO)
    assert (raised.value.status_code, raised.value.code) == (status, "upstream")


def test_half_a_stream_is_an_error_and_not_an_answer(client: openai.OpenAI, model: ModelServer) -> None:
    model.play(Act(text="Once upon a time there was a mill.", half=True))
    got: list[str] = []
    with pytest.raises(openai.APIError, match="middle"):
        for chunk in client.chat.completions.create(model="up", messages=HELLO, stream=True):
            got += [choice.delta.content or "" for choice in chunk.choices]
    assert "".join(got).startswith("Once")


def test_a_client_that_goes_away_is_recorded(
    client: openai.OpenAI, bench: Workbench, model: ModelServer
) -> None:
    model.play(Act(text="late", delay_seconds=3))
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.5).chat.completions.create(model="up", messages=HELLO, user="gone")
    with bench.open() as workspace:
        for _ in range(100):
            spans = [span for span in workspace.events.recent(kind="call", limit=5) if span.status == "error"]
            if spans and "Cancelled" in (spans[0].error or ""):
                return
            time.sleep(0.05)
    pytest.fail("no span says that the call was cancelled")


def test_embeddings_and_models(client: openai.OpenAI) -> None:
    made = client.embeddings.create(model="hash:8", input=["one", "two"])
    again = client.embeddings.create(model="hash:8", input="two", encoding_format="float")
    assert [len(row.embedding) for row in made.data] == [8, 8]
    assert made.data[1].embedding == pytest.approx(again.data[0].embedding)
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="hash:8", input=[[1, 2]])
    names = {model.id for model in client.models.list()}
    assert names >= {"up", "extractive", "prompt:greet"}
    assert client.models.retrieve("prompt:greet").owned_by == "workspace"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nothing")
