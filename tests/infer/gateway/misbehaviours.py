"""What an upstream may do wrong, what the caller gets then, and what is stored."""

from __future__ import annotations

from typing import Any, NamedTuple

from headrace.infer.gateway.base import CallRequest
from headrace.infer.schemas.file import make_schema
from tests.fakes.model_server import Act, call

SCHEMA = make_schema(
    "invoice",
    {
        "type": "object",
        "properties": {"total": {"type": "number"}, "currency": {"type": "string"}},
        "required": ["total", "currency"],
        "additionalProperties": False,
    },
)
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "find_order",
        "parameters": {
            "type": "object",
            "properties": {"order": {"type": "integer"}},
            "required": ["order"],
        },
    },
}
GOOD = Act(text='{"total": 12.5, "currency": "EUR"}')
NEW_MODEL = "model-of-tomorrow"


class Case(NamedTuple):
    """One row of the table."""

    name: str
    acts: tuple[Act, ...]
    """In the order of the requests; the last one is repeated."""
    got: str
    stored: str
    kind: str = "json"
    """`json`, `text`, `tools`, or with `stream`."""
    fallback: bool = False


def _case(name: str, *acts: Act, got: str, stored: str, kind: str = "json", fallback: bool = False) -> Case:
    return Case(name, acts, got, stored, kind, fallback)


_DEAD3 = "span, 3 attempts; dead letter, 3 raw outputs"
_DEAD0 = "span, 1 attempt; dead letter, 0 raw outputs"

CASES = [
    _case("cuts the output off, once", Act(text='{"total": 12', finish_reason="length"), GOOD,
          got="valid output after first, reask", stored="span, 2 attempts"),
    _case("cuts the output off, always", Act(text='{"total": 12', finish_reason="length"),
          got="dead letter: truncated", stored=_DEAD3),
    _case("cuts the output off and calls it whole", Act(text='{"total": 12.5, "currency": "EU'), GOOD,
          got="valid output after first, reask", stored="span, 2 attempts"),
    _case("wraps JSON in Markdown", Act(text=f"```json\n{GOOD.text}\n```"),
          got="valid output after first, repair (fence)", stored="span, 2 attempts"),
    _case("adds prose around JSON", Act(text=f"Here it is: {GOOD.text} I hope it helps!"),
          got="valid output after first, repair (prose)", stored="span, 2 attempts"),
    _case("writes broken JSON", Act(text="{'total': 12.5, currency: 'EUR',}"),
          got="valid output after first, repair (syntax)", stored="span, 2 attempts"),
    _case("changes a type, once", Act(text='{"total": "12.5", "currency": "EUR"}'), GOOD,
          got="valid output after first, reask", stored="span, 2 attempts"),
    _case("changes a type, always", Act(text='{"total": "12.5", "currency": "EUR"}'),
          got="dead letter: invalid", stored=_DEAD3),
    _case("omits a field, always", Act(text='{"total": 12.5}'),
          got="dead letter: invalid", stored=_DEAD3),
    _case("omits a field, and another model does not", *[Act(text='{"total": 12.5}')] * 3, GOOD,
          got="valid output after first, reask, reask, fallback", stored="span, 4 attempts", fallback=True),
    _case("invents a field, once", Act(text=GOOD.text.replace("}", ', "tip": 1}')), GOOD,
          got="valid output after first, reask", stored="span, 2 attempts"),
    _case("nests without end", Act(text="[" * 100_000), GOOD,
          got="valid output after first, reask", stored="span, 2 attempts"),
    _case("writes nothing", Act(text=""), GOOD,
          got="valid output after first, reask", stored="span, 2 attempts"),
    _case("refuses", Act(refusal="I cannot help with that."),
          got="dead letter: refused", stored="span, 1 attempt; dead letter, 1 raw output"),
    _case("refuses, and another model does not", Act(refusal="No."), GOOD,
          got="valid output after first, fallback", stored="span, 2 attempts", fallback=True),
    _case("filters the content", Act(text='{"to', finish_reason="content_filter"),
          got="dead letter: refused", stored="span, 1 attempt; dead letter, 1 raw output"),
    _case("refuses a call without a schema", Act(refusal="I cannot help with that."),
          got="text after first, finish reason content_filter", stored="span, 1 attempt", kind="text"),
    _case("hangs", Act(delay_seconds=1.5),
          got="dead letter: upstream", stored=_DEAD0),
    _case("hangs, and another model does not", Act(delay_seconds=1.5), Act(delay_seconds=1.5), GOOD,
          got="valid output after first, fallback", stored="span, 2 attempts", fallback=True),
    _case("answers 429, once", Act(status=429, headers={"Retry-After": "0"}), GOOD,
          got="valid output after first", stored="span, 1 attempt"),
    _case("answers 429, always", Act(status=429, headers={"Retry-After": "0"}),
          got="dead letter: upstream", stored=_DEAD0),
    _case("answers 500, once", Act(status=500), GOOD,
          got="valid output after first", stored="span, 1 attempt"),
    _case("answers 500, always", Act(status=500),
          got="dead letter: upstream", stored=_DEAD0),
    _case("answers garbage", Act(body=b"<html>\xff\x00 out of order"),
          got="dead letter: upstream", stored=_DEAD0),
    _case("answers without a choice", Act(body=b'{"id": "x", "choices": []}'),
          got="dead letter: upstream", stored=_DEAD0),
    _case("closes the connection", Act(drop=True), GOOD,
          got="valid output after first", stored="span, 1 attempt"),
    _case("answers half", Act(text=GOOD.text, half=True), GOOD,
          got="valid output after first", stored="span, 1 attempt"),
    _case("answers without end", Act(body=b'"' + b"x" * 3_000_000),
          got="dead letter: upstream", stored=_DEAD0),
    _case("calls a tool with wrong arguments, once",
          Act(tool_calls=[call("find_order", '{"order": "A-7"}')], finish_reason="tool_calls"),
          Act(tool_calls=[call("find_order", '{"order": 7}')], finish_reason="tool_calls"),
          got="tool calls after first, reask", stored="span, 2 attempts", kind="tools"),
    _case("calls a tool that does not exist",
          Act(tool_calls=[call("delete_all", "{}")], finish_reason="tool_calls"),
          got="dead letter: invalid", stored="span, 3 attempts; dead letter, 3 raw outputs", kind="tools"),
    _case("streams half of a text", Act(text="Once upon a time there was a mill.", half=True),
          got="half of the text, then dead letter: half_stream",
          stored="span, 1 attempt; dead letter, 1 raw output", kind="text stream"),
    _case("hangs in the middle of a stream", Act(text="Once upon a time there was.", hang_in_middle=True),
          got="half of the text, then dead letter: half_stream",
          stored="span, 1 attempt; dead letter, 1 raw output", kind="text stream"),
    _case("answers a stream with 500, always", Act(status=500),
          got="dead letter: upstream", stored=_DEAD0, kind="text stream"),
    _case("streams JSON that breaks the schema", Act(text='{"total": "12.5"}'),
          got="dead letter: invalid", stored=_DEAD3, kind="json stream"),
    _case("streams a tool call with wrong arguments",
          Act(tool_calls=[call("find_order", '{"order": "A-7"}')], finish_reason="tool_calls"),
          got="dead letter: invalid", stored="span, 1 attempt; dead letter, 1 raw output",
          kind="tools stream"),
    _case("changes its model id", Act(text=GOOD.text, model=NEW_MODEL),
          got="valid output after first, with a warning", stored="span, 1 attempt; model change"),
]  # fmt: skip


def request_of(case: Case) -> CallRequest:
    """The call that a case is tried with."""
    return CallRequest(
        messages=[{"role": "user", "content": "Total of the invoice: 12.50 EUR. Give JSON."}],
        model="up",
        schema=SCHEMA if case.kind.startswith("json") else None,
        tools=[TOOL] if case.kind.startswith("tools") else (),
        fallbacks=["other"] if case.fallback else (),
    )
