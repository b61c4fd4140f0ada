"""Every convention gives the same span."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from headrace.observe.traces.receiving.normalising import span_of
from headrace.records.call import SpanEvent, SpanRef
from tests.observe.traces.receiving.sent import TRACE

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How long?"}]
CURRENT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.request.temperature": 0.5,
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 10,
    "gen_ai.conversation.id": "s-1",
    "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "Be brief."}]),
    "gen_ai.input.messages": json.dumps(
        [{"role": "user", "parts": [{"type": "text", "content": "How long?"}]}]
    ),
    "gen_ai.output.messages": json.dumps(
        [{"role": "assistant", "parts": [{"type": "text", "content": "35 days."}], "finish_reason": "stop"}]
    ),
}
INDEXED = {
    "gen_ai.system": "openai",
    "llm.request.type": "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.request.temperature": 0.5,
    "gen_ai.usage.prompt_tokens": 100,
    "gen_ai.usage.completion_tokens": 10,
    "traceloop.association.properties.session_id": "s-1",
    "gen_ai.prompt.0.role": "system",
    "gen_ai.prompt.0.content": "Be brief.",
    "gen_ai.prompt.1.role": "user",
    "gen_ai.prompt.1.content": "How long?",
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": "35 days.",
    "gen_ai.completion.0.finish_reason": "stop",
}
OPENINFERENCE = {
    "openinference.span.kind": "LLM",
    "llm.system": "openai",
    "llm.model_name": "gpt-4o",
    "llm.invocation_parameters": json.dumps({"model": "gpt-4o", "temperature": 0.5}),
    "llm.token_count.prompt": 100,
    "llm.token_count.completion": 10,
    "session.id": "s-1",
    "input.value": json.dumps({"messages": MESSAGES, "model": "gpt-4o"}),
    "llm.input_messages.0.message.role": "system",
    "llm.input_messages.0.message.content": "Be brief.",
    "llm.input_messages.1.message.role": "user",
    "llm.input_messages.1.message.contents.0.message_content.type": "text",
    "llm.input_messages.1.message.contents.0.message_content.text": "How long?",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.content": "35 days.",
    "llm.finish_reason": "stop",
}
LANGFUSE = {
    "langfuse.observation.type": "generation",
    "gen_ai.system": "openai",
    "langfuse.observation.model.name": "gpt-4o",
    "langfuse.observation.model.parameters": json.dumps({"temperature": 0.5}),
    "langfuse.observation.usage_details": json.dumps({"input": 100, "output": 10}),
    "langfuse.session.id": "s-1",
    "langfuse.observation.input": json.dumps(MESSAGES),
    "langfuse.observation.output": json.dumps({"role": "assistant", "content": "35 days."}),
    "gen_ai.response.finish_reasons": json.dumps(["stop"]),
}


def made(attributes: Mapping[str, Any], **more: Any) -> SpanEvent:
    """The span of attributes."""
    body = {"name": "x", "start": 10, "end": 20, "attributes": dict(attributes), **more}
    return span_of(TRACE, "1" * 16, {"v": 1, "span": body})


@pytest.mark.parametrize("given", [CURRENT, INDEXED, OPENINFERENCE, LANGFUSE])
def test_every_convention_of_a_call_gives_the_same_span(given: Mapping[str, Any]) -> None:
    span = made(given)
    assert (span.kind, span.model, span.session) == ("call", "gpt-4o", "s-1")
    assert (span.input_tokens, span.output_tokens) == (100, 10)
    assert (span.cost_micro, span.currency) == (350, "USD")
    assert [dict(message) for message in span.attributes["input"]] == MESSAGES
    assert span.attributes["output"] == "35 days."
    assert span.attributes["gen_ai.response.finish_reasons"] == ["stop"]
    assert span.attributes["parameters"] == {"temperature": 0.5}
    assert span.attributes["gen_ai.provider.name"] == "openai"
    assert span.attributes["otlp"]["span"]["attributes"] == given


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"gen_ai.operation.name": "retrieval"}, "search"),
        ({"gen_ai.operation.name": "embeddings"}, "embed"),
        ({"gen_ai.operation.name": "execute_tool"}, "tool"),
        ({"gen_ai.operation.name": "invoke_agent"}, "agent"),
        ({"gen_ai.operation.name": "rerank"}, "rerank"),
        ({"openinference.span.kind": "RETRIEVER"}, "search"),
        ({"openinference.span.kind": "CHAIN", "llm.model_name": "m"}, "span"),
        ({"traceloop.span.kind": "tool"}, "tool"),
        ({"langfuse.observation.type": "agent"}, "agent"),
        ({"gen_ai.system": "openai"}, "call"),
        ({"headrace.kind": "ask"}, "ask"),
        ({"http.method": "GET"}, "span"),
    ],
)
def test_kinds(given: Mapping[str, Any], kind: str) -> None:
    assert made(given).kind == kind


DOCUMENTS = [
    {"id": "chunk_" + "a" * 26, "score": 0.9, "corpus": "docs", "document": "docs/a.md"},
    {"id": "d-2", "score": 0.5, "content": "Backups."},
]


@pytest.mark.parametrize(
    "given",
    [
        {
            "gen_ai.operation.name": "retrieval",
            "gen_ai.retrieval.query.text": "How long?",
            "gen_ai.retrieval.top_k": 2,
            "gen_ai.retrieval.documents": [
                {k: v for k, v in document.items() if k != "document"}
                | {"document_id": document.get("document", document["id"])}
                for document in DOCUMENTS
            ],
        },
        {
            "openinference.span.kind": "RETRIEVER",
            "input.value": "How long?",
            "gen_ai.request.top_k": 2,
            "retrieval.documents.0.document.id": "chunk_" + "a" * 26,
            "retrieval.documents.0.document.score": 0.9,
            "retrieval.documents.0.document.metadata": json.dumps({"corpus": "docs", "source": "docs/a.md"}),
            "retrieval.documents.1.document.id": "d-2",
            "retrieval.documents.1.document.score": 0.5,
            "retrieval.documents.1.document.content": "Backups.",
        },
    ],
)
def test_what_was_retrieved_is_found_from_both_sides(given: Mapping[str, Any]) -> None:
    span = made(given)
    assert span.attributes["query"] == "How long?"
    assert span.attributes["k"] == 2
    first, second = span.attributes["hits"]
    assert (first["rank"], first["score"], first["chunk_id"]) == (1, 0.9, "chunk_" + "a" * 26)
    assert (second["document"], second["text"]) == ("d-2", "Backups.")
    assert list(span.refs) == [
        SpanRef(role="retrieved", ref="chunk_" + "a" * 26),
        SpanRef(role="retrieved", ref="docs/docs/a.md"),
    ]


def test_calls_of_tools_and_their_results() -> None:
    asked = [
        {
            "role": "assistant",
            "parts": [{"type": "tool_call", "id": "c1", "name": "look", "arguments": {"q": 1}}],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "found"}]},
    ]
    span = made({**CURRENT, "gen_ai.input.messages": json.dumps(asked), "gen_ai.output.messages": asked[:1]})
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"q":1}'}}
    _, called, result = span.attributes["input"]
    assert called["tool_calls"] == [call]
    assert result == {"role": "tool", "tool_call_id": "c1", "content": "found"}
    assert span.attributes["output"] == [call]


def test_status_and_what_went_wrong() -> None:
    events = [{"name": "exception", "attributes": {"exception.type": "E", "exception.message": "no"}}]
    assert made({}, status=[2, ""], events=events).error == "E: no"
    assert made({"error.type": "timeout"}, status=[2, ""]).error == "timeout"
    assert made({}, status=[2, "broken"]).error == "broken"
    assert made({}, status=[1, ""]).status == "ok"
    assert made({}).status == "unset"


def test_a_cost_that_was_sent_stands_before_the_table() -> None:
    assert made({**CURRENT, "gen_ai.usage.cost": 0.01}).cost_micro == 10_000
    cost = {"langfuse.observation.cost_details": json.dumps({"input": 0.001, "output": 0.002})}
    assert made({**LANGFUSE, **cost}).cost_micro == 3000
    unknown = made({**CURRENT, "gen_ai.request.model": "nobody-knows-this"})
    assert (unknown.cost_micro, unknown.input_tokens) == (None, 100)


@pytest.mark.parametrize(
    "odd",
    [
        {"gen_ai.usage.input_tokens": "many", "gen_ai.input.messages": "[not json"},
        {
            "llm.input_messages.x.message": 1,
            "llm.input_messages.0": "a",
            "llm.input_messages.0.message.role": "b",
        },
        {"gen_ai.input.messages": [1, "a", None], "gen_ai.retrieval.documents": "nothing"},
        {"gen_ai.output.messages": json.dumps([{"role": None, "parts": [None, 3]}]), "gen_ai.system": 5},
        {"gen_ai.operation.name": ["chat"], "session.id": {"a": 1}, "gen_ai.response.finish_reasons": "stop"},
    ],
)
def test_odd_values_make_a_span_all_the_same(odd: Mapping[str, Any]) -> None:
    assert (
        made({**odd, "gen_ai.request.model": "gpt-4o"}).attributes["otlp"]["span"]["attributes"].keys()
        >= odd.keys()
    )
