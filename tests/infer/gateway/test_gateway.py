"""Calls: budgets, keys, streams, tools, the seams to vault, caches and records, and who goes away."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import CallRefused, StorageError, UsageError
from headrace.infer.gateway.base import Budget, CachedOutput, CallRequest, Envelope, Retrieved
from headrace.infer.gateway.gateway import Gateway
from headrace.workspace import Workspace
from tests.fakes.model_server import Act, ModelServer, call
from tests.infer.gateway.gateways import made, opened, streamed
from tests.infer.gateway.misbehaviours import GOOD, SCHEMA, TOOL

BAD = Act(text='{"total": "twelve", "currency": "EUR"}')
ASK = [{"role": "user", "content": "Total of the invoice?"}]
REQUEST = CallRequest(messages=ASK, model="up", schema=SCHEMA)
TEXT = CallRequest(messages=ASK, model="up")


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    """The upstream."""
    with ModelServer(GOOD) as running:
        yield running


@pytest.fixture(scope="module")
def workspace(server: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One workspace; prices are 1 and 2 a token."""
    prices = "price_per_million_input_tokens = 1000000\nprice_per_million_output_tokens = 2000000\n"
    with opened(tmp_path_factory.mktemp("calls"), server, model=prices) as made:
        yield made


@pytest.mark.parametrize(
    ("budget", "reason", "requests"),
    [
        (Budget(attempts=2), "attempts", 2),
        (Budget(tokens=20), "tokens", 2),
        (Budget(cost_micro=20_000_000), "money", 1),
        (Budget(seconds=0.2), "seconds", 1),
    ],
)
def test_a_budget_ends_a_call_and_the_letter_says_which(
    workspace: Workspace, server: ModelServer, budget: Budget, reason: str, requests: int
) -> None:
    server.play(replace(BAD, delay_seconds=0.35 if reason == "seconds" else 0), BAD, BAD, BAD)
    (outcome,) = made(workspace, replace(REQUEST, budget=budget))
    assert (outcome.valid, outcome.reason, len(outcome.attempts)) == (False, reason, requests)
    assert outcome.dead_letter is not None
    assert workspace.calls.letter(outcome.dead_letter).reason == reason


def test_costs_are_added_up_and_say_whose_prices_they_are(workspace: Workspace, server: ModelServer) -> None:
    server.play(BAD, GOOD)
    (outcome,) = made(workspace, REQUEST)
    assert outcome.usage.cost_micro == 2 * (11 + 2 * 7) * 1_000_000
    assert {attempt.prices for attempt in outcome.attempts} == {"config"}


def test_a_reask_is_short_and_does_not_grow(workspace: Workspace, server: ModelServer) -> None:
    server.play(BAD, BAD, BAD, GOOD)
    examples = [{"role": "user", "content": "Example " * 500}, {"role": "assistant", "content": GOOD.text}]
    made(workspace, replace(REQUEST, messages=[*examples, *ASK], budget=Budget(attempts=3)))
    first, *again = (asked.body["messages"] for asked in server.asked)
    assert len(again) == 2
    sizes = [len(json.dumps(messages)) for messages in again]
    assert max(sizes) <= 1.1 * min(sizes)
    assert max(sizes) < len(json.dumps(first)) / 2
    assert BAD.text in [message["content"] for message in again[0]]
    assert "/total" in again[0][-1]["content"]


def test_the_same_key_is_one_call_and_another_content_is_refused(
    workspace: Workspace, server: ModelServer
) -> None:
    server.play()
    keyed = replace(REQUEST, idempotency_key="order-7")
    (first,) = made(workspace, keyed)
    (again,) = made(workspace, keyed)
    assert len(server.asked) == 1
    assert again.replayed
    assert (again.output, again.span_id, again.usage) == (first.output, first.span_id, first.usage)
    assert [attempt.ms for attempt in again.attempts] == [attempt.ms for attempt in first.attempts]
    with pytest.raises(CallRefused, match="another content"):
        made(workspace, replace(keyed, parameters={"temperature": 1}))


def test_equal_keys_at_once_send_one_request(workspace: Workspace, server: ModelServer) -> None:
    server.play(replace(GOOD, delay_seconds=0.2))
    found = made(workspace, *[replace(REQUEST, idempotency_key="order-8")] * 4)
    assert len(server.asked) == 1
    assert len({outcome.span_id for outcome in found}) == 1
    assert sum(outcome.replayed for outcome in found) == 3


def test_a_call_whose_caller_goes_away_leaves_its_span(workspace: Workspace, server: ModelServer) -> None:
    server.play(replace(GOOD, delay_seconds=1))
    trace = "c" * 32

    async def cancelled() -> None:
        task = asyncio.ensure_future(workspace.gateway.call(replace(REQUEST, trace_id=trace)))
        await asyncio.to_thread(server.wait_for, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await workspace.gateway.close()

    asyncio.run(cancelled())
    made(workspace, TEXT)  # its span is durable, so the one before it is
    (span,) = workspace.events.trace(trace)
    assert span.status == "error"
    assert span.attributes["reason"] == "cancelled"
    assert [attempt["kind"] for attempt in span.attributes["attempts"]] == ["first"]


def test_a_stream_that_is_left_keeps_what_had_arrived(workspace: Workspace, server: ModelServer) -> None:
    server.play(Act(text="Once upon a time there was a mill by a stream.", hang_in_middle=True))
    trace = "d" * 32

    async def left() -> str:
        stream = workspace.gateway.stream(replace(TEXT, trace_id=trace))
        first = await anext(stream)
        await stream.aclose()
        await workspace.gateway.close()
        return first.text

    text = asyncio.run(left())
    made(workspace, TEXT)
    (span,) = workspace.events.trace(trace)
    assert span.attributes["reason"] == "cancelled"
    assert span.attributes["attempts"][0]["raw_output"].startswith(text)


def test_a_stream_without_a_schema_arrives_in_pieces_and_ends_durable(
    workspace: Workspace, server: ModelServer
) -> None:
    text = "Once upon a time there was a mill by a stream."
    server.play(Act(text=text))
    *pieces, last = streamed(workspace, TEXT)
    assert len(pieces) > 3
    assert "".join(delta.text for delta in pieces) == text
    assert last.outcome is not None
    assert last.outcome.output == text
    assert last.outcome.usage.output_tokens == 7
    (span,) = workspace.events.trace(last.outcome.trace_id)
    assert span.attributes["output"] == text


def test_a_stream_with_a_schema_is_held_back_until_it_is_valid(
    workspace: Workspace, server: ModelServer
) -> None:
    server.play(BAD, GOOD)
    *pieces, last = streamed(workspace, REQUEST)
    assert [delta.text for delta in pieces] == [GOOD.text]
    assert last.outcome is not None
    assert last.outcome.output == json.loads(GOOD.text)


def test_a_stream_that_is_passed_on_is_flagged_and_judged_at_its_end(
    tmp_path: Path, server: ModelServer
) -> None:
    with opened(tmp_path, server, extra='[gateway]\nstream = "pass"\n') as workspace:
        server.play(BAD)
        *pieces, last = streamed(workspace, REQUEST)
    assert "".join(delta.text for delta in pieces) == BAD.text
    assert not any(delta.checked for delta in pieces)
    assert last.outcome is not None
    assert last.outcome.reason == "invalid"


def test_a_budget_of_seconds_ends_a_stream(workspace: Workspace, server: ModelServer) -> None:
    server.play(Act(text="Once upon a time there was a mill.", hang_in_middle=True))
    *pieces, last = streamed(workspace, replace(TEXT, budget=Budget(seconds=0.15)))
    assert last.outcome is not None
    assert last.outcome.reason == "seconds"
    assert last.outcome.attempts[0].raw_output == "".join(delta.text for delta in pieces)


def test_the_status_of_a_provider_that_refuses_is_kept(workspace: Workspace, server: ModelServer) -> None:
    server.play(Act(status=401))
    (outcome,) = made(workspace, TEXT)
    assert (outcome.reason, outcome.attempts[0].status) == ("upstream", 401)


def test_parameters_cannot_stand_in_for_the_model(workspace: Workspace, server: ModelServer) -> None:
    server.play()
    (outcome,) = made(workspace, replace(TEXT, parameters={"model": "dear", "stream": True, "seed": 7}))
    assert outcome.valid
    body = server.asked[0].body
    assert (body["model"], body.get("stream"), body["seed"]) == ("model-of-today", None, 7)


def test_streamed_tool_calls_come_whole_and_valid(workspace: Workspace, server: ModelServer) -> None:
    server.play(Act(tool_calls=[call("find_order", '{"order": 12345}')], finish_reason="tool_calls"))
    deltas = streamed(workspace, replace(TEXT, tools=[TOOL]))
    calls = [given for delta in deltas for given in delta.tool_calls]
    assert [given["function"]["arguments"] for given in calls] == ['{"order": 12345}']
    assert calls[0]["index"] == 0


def test_what_a_tool_gave_back_is_checked_before_anything_is_sent(
    workspace: Workspace, server: ModelServer
) -> None:
    server.play()
    tool = {
        **TOOL,
        "function": {**TOOL["function"], "result_schema": {"type": "object", "required": ["state"]}},
    }
    messages: list[dict[str, Any]] = [
        *ASK,
        {"role": "assistant", "content": None, "tool_calls": [call("find_order", '{"order": 1}')]},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"sate": "paid"}'},
    ]
    with pytest.raises(UsageError, match=r"find_order.*state"):
        made(workspace, replace(TEXT, messages=messages, tools=[tool]))
    assert not server.asked
    messages[-1]["content"] = '{"state": "paid"}'
    (outcome,) = made(workspace, replace(TEXT, messages=messages, tools=[tool]))
    assert outcome.valid
    assert "result_schema" not in server.asked[0].text


def test_several_choices_are_each_checked(workspace: Workspace, server: ModelServer) -> None:
    server.play(Act(choices=[BAD.text, GOOD.text, GOOD.text.replace("EUR", "USD")]))
    (outcome,) = made(workspace, replace(REQUEST, parameters={"n": 3}))
    assert [choice.output["currency"] for choice in outcome.choices] == ["EUR", "USD"]
    assert outcome.warnings == ["1 of 3 choices were not valid"]


def test_a_call_without_a_schema_can_be_refused(tmp_path: Path, server: ModelServer) -> None:
    server.play()
    with opened(tmp_path, server, extra="[gateway]\nrequire_schema = true\n") as workspace:
        with pytest.raises(CallRefused, match="without an output schema"):
            made(workspace, TEXT)
        assert not server.asked
        (span,) = workspace.events.recent(kind="call")
        assert span.status == "error"


def test_validators_say_what_a_schema_cannot(tmp_path: Path, server: ModelServer) -> None:
    extra = '[[gateway.validators]]\nname = "bounds"\npath = "/total"\nmaximum = 100\nschemas = ["invoice"]\n'
    with opened(tmp_path, server, extra=extra) as workspace:
        server.play(Act(text='{"total": 1000, "currency": "EUR"}'), GOOD)
        (outcome,) = made(workspace, REQUEST)
    assert [attempt.valid for attempt in outcome.attempts] == [False, True]
    assert outcome.attempts[0].errors[0].path == "/total"


def test_a_hedged_request_gives_the_first_answer(tmp_path: Path, server: ModelServer) -> None:
    with opened(tmp_path, server, model="hedge_after_ms = 30\n") as workspace:
        server.play(replace(GOOD, delay_seconds=0.35), GOOD)
        (outcome,) = made(workspace, REQUEST)
    assert outcome.attempts[0].hedged
    assert outcome.attempts[0].ms < 300
    assert len(server.asked) == 2


def test_dead_letters_are_told_to_a_webhook_at_the_first_and_as_they_double(
    tmp_path: Path, server: ModelServer
) -> None:
    server.always = BAD
    extra = f'[gateway]\nreasks = 0\nalert_webhook = "{server.base_url}/alerts"\n'
    with opened(tmp_path, server, extra=extra) as workspace:
        server.play()
        for _ in range(4):
            made(workspace, REQUEST)
        told = [asked.body for asked in server.asked if asked.path.endswith("/alerts")]
        assert [body["open"] for body in told] == [1, 2, 4]
        assert all(set(body) == {"type", "open", "id", "prompt", "reason"} for body in told)
        assert len(workspace.events.recent(kind="alert")) == 3
    server.always = GOOD


@dataclass
class TableShield:
    """A vault with one name in it."""

    unprotected: Sequence[str] = ()
    fails: bool = False

    def hide(self, text: str) -> str:
        if self.fails:
            raise StorageError("The engine failed.")
        return text.replace("Odile Brandt", "⟨PERSON_k7f3⟩")

    def show(self, text: str) -> str:
        return text.replace("⟨PERSON_k7f3⟩", "Odile Brandt")

    def show_json(self, value: Any) -> Any:
        return json.loads(self.show(json.dumps(value, ensure_ascii=False)))

    def stream(self, *, json: bool = False) -> TableRestorer:
        return TableRestorer(self)

    def settle(self) -> Future[None]:
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def facts(self) -> Mapping[str, int]:
        return {"hidden": 1}


@dataclass
class TableRestorer:
    """Holds back everything from the first mark on."""

    shield: TableShield
    held: str = ""

    def feed(self, piece: str) -> str:
        self.held += piece
        open_at = re.search(r"⟨[^⟩]*$", self.held)
        cut = open_at.start() if open_at else len(self.held)
        out, self.held = self.held[:cut], self.held[cut:]
        return self.shield.show(out)

    def finish(self) -> str:
        out, self.held = self.held, ""
        return self.shield.show(out)


@dataclass
class Parts:
    """Stands for vault, cache and keeper; keeps what it was given."""

    shielding: TableShield = field(default_factory=TableShield)
    stored: dict[str, CachedOutput] = field(default_factory=dict)
    kept: list[tuple[Envelope, Any, bytes]] = field(default_factory=list)

    def shield(self, request: CallRequest) -> TableShield:
        return self.shielding

    def get(self, request: CallRequest) -> CachedOutput | None:
        return self.stored.get(json.dumps(list(request.messages)))

    def put(self, request: CallRequest, output: CachedOutput) -> Future[None]:
        self.stored[json.dumps(list(request.messages))] = output
        return _done(None)

    def keep(self, envelope: Envelope, value: Any, original: bytes) -> Future[str]:
        self.kept.append((envelope, value, original))
        return _done(f"record_{len(self.kept)}")


def _done(value: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(value)
    return future


@dataclass(frozen=True)
class With:
    """A workspace whose gateway has these parts."""

    gateway: Gateway


def _with(workspace: Workspace, **parts: Any) -> Any:
    return With(replace(workspace.gateway, **parts))


NAMED = [{"role": "user", "content": "Odile Brandt owes us. Write to Odile Brandt."}]


def test_the_provider_never_sees_what_the_vault_hides(workspace: Workspace, server: ModelServer) -> None:
    parts = Parts()
    reply = '{"total": "⟨PERSON_k7f3⟩", "currency": "⟨PERSON_k7f3⟩"}'
    server.play(Act(text=reply), Act(text='{"total": 1, "currency": "⟨PERSON_k7f3⟩"}'))
    asked = replace(REQUEST, messages=NAMED, vault="on")
    (outcome,) = made(_with(workspace, vault=parts, keeper=parts), asked)
    assert outcome.output == {"total": 1, "currency": "Odile Brandt"}
    assert len(server.asked) == 2
    assert not [request for request in server.asked if "Odile" in request.text or "Brandt" in request.text]
    ((envelope, value, original),) = parts.kept
    assert (value["currency"], original.decode()) == (
        "Odile Brandt",
        '{"total": 1, "currency": "Odile Brandt"}',
    )
    assert outcome.record == "record_1"
    (span,) = workspace.events.trace(outcome.trace_id)
    assert "Odile" not in json.dumps(dict(span.attributes))
    assert (span.attributes["record"], span.attributes["vault"]) == ("record_1", {"hidden": 1})
    assert envelope.span_id == span.span_id


def test_values_come_back_in_tool_arguments_and_in_streams(workspace: Workspace, server: ModelServer) -> None:
    tool = json.loads(json.dumps(TOOL).replace("integer", "string"))
    asked = replace(TEXT, messages=NAMED, vault="on", tools=[tool])
    hidden = _with(workspace, vault=Parts())
    server.play(
        Act(tool_calls=[call("find_order", '{"order": "⟨PERSON_k7f3⟩"}')], finish_reason="tool_calls")
    )
    (outcome,) = made(hidden, asked)
    assert json.loads(outcome.choices[0].tool_calls[0]["function"]["arguments"]) == {"order": "Odile Brandt"}
    server.play(Act(text="Dear ⟨PERSON_k7f3⟩, pay. Yours, ⟨PERSON_k7f3⟩"))
    deltas = streamed(hidden, asked)
    assert "".join(delta.text for delta in deltas) == "Dear Odile Brandt, pay. Yours, Odile Brandt"


@pytest.mark.parametrize(
    ("shield", "policy", "error"),
    [
        (TableShield(fails=True), "on", StorageError),
        (TableShield(unprotected=["PERSON"]), "strict", CallRefused),
        (None, "on", CallRefused),
    ],
)
def test_what_cannot_be_hidden_is_not_sent(
    workspace: Workspace, server: ModelServer, shield: TableShield | None, policy: Any, error: type
) -> None:
    server.play()
    vault = Parts(shielding=shield) if shield else None
    with pytest.raises(error):
        made(_with(workspace, vault=vault), replace(REQUEST, messages=NAMED, vault=policy))
    assert not server.asked


def test_a_cached_output_is_checked_and_leaves_a_span(workspace: Workspace, server: ModelServer) -> None:
    server.play()
    parts = Parts()
    cached = _with(workspace, cache=parts)
    (first,) = made(cached, REQUEST)
    (again,) = made(cached, REQUEST)
    assert (len(server.asked), again.cached, again.output) == (1, "exact", first.output)
    (span,) = workspace.events.trace(again.trace_id)
    assert span.attributes["cached"] == {"kind": "exact", "trace_id": first.trace_id}
    key = json.dumps(list(REQUEST.messages))
    parts.stored[key] = replace(parts.stored[key], output={"total": "wrong"})
    (third,) = made(cached, REQUEST)
    assert (len(server.asked), third.cached) == (2, None)


def test_a_call_can_be_found_from_what_it_was_given(workspace: Workspace, server: ModelServer) -> None:
    server.play()
    given = Retrieved(corpus="docs", document="a.md", revision="r1", chunk_id="chunk_x")
    (outcome,) = made(workspace, replace(REQUEST, retrieved=[given]))
    assert [link.trace_id for link in workspace.events.by_ref("chunk_x")] == [outcome.trace_id]
    assert [link.trace_id for link in workspace.events.by_ref("docs/a.md")] == [outcome.trace_id]
