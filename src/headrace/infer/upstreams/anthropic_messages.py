"""OpenAI's messages and tools as Anthropic's Messages API takes them, and its answers in OpenAI's words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from headrace.infer.upstreams.base import FILTERED, LENGTH, STOP, TOOL_CALLS, ChatRequest
from headrace.infer.upstreams.openai import text_of

OUTPUT_TOOL = "structured_output"
"""A tool whose arguments are the output: how this API is asked for JSON of a schema."""
_REASONS = {
    "end_turn": STOP,
    "stop_sequence": STOP,
    "max_tokens": LENGTH,
    "model_context_window_exceeded": LENGTH,
    "tool_use": TOOL_CALLS,
    "refusal": FILTERED,
}
_PASSED = ("temperature", "top_p", "top_k", "metadata", "thinking", "service_tier")
_DEFAULT_MAX_TOKENS = 4096
_CHOICES: Mapping[str, Mapping[str, Any]] = {"auto": {"type": "auto"}, "required": {"type": "any"}}


def reason_of(given: Any) -> str:
    """A stop reason in OpenAI's words."""
    return _REASONS.get(str(given), str(given or STOP))


def body_of(request: ChatRequest, *, model: str, structured: bool) -> dict[str, Any]:
    """The body of a request. `structured`: JSON of the schema is asked for by a tool."""
    parameters = request.parameters
    limit = parameters.get("max_tokens") or parameters.get("max_completion_tokens") or _DEFAULT_MAX_TOKENS
    body: dict[str, Any] = {"model": model, "max_tokens": limit, "messages": _messages(request.messages)}
    body |= {name: parameters[name] for name in _PASSED if name in parameters}
    system = "\n\n".join(
        text_of(message.get("content"))
        for message in request.messages
        if message.get("role") in ("system", "developer")
    )
    if system:
        body["system"] = system
    if stop := parameters.get("stop"):
        body["stop_sequences"] = [stop] if isinstance(stop, str) else list(stop)
    tools = [_tool(tool) for tool in request.tools]
    choice = parameters.get("tool_choice")
    if isinstance(choice, Mapping):
        body["tool_choice"] = {"type": "tool", "name": choice["function"]["name"]}
    elif isinstance(choice, str) and choice in _CHOICES:
        body["tool_choice"] = dict(_CHOICES[choice])
    if structured:
        tools.append(
            {
                "name": OUTPUT_TOOL,
                "description": "Give the answer.",
                "input_schema": dict(_wanted(request) or {}),
            }
        )
        if not request.tools:
            body["tool_choice"] = {"type": "tool", "name": OUTPUT_TOOL}
    if tools and choice != "none":
        body["tools"] = tools
    return body


def wants_structured(request: ChatRequest, *, configured: bool) -> bool:
    """Whether JSON of an object schema is asked for."""
    wanted = _wanted(request)
    asked = "response_format" in request.parameters or configured
    return bool(wanted) and asked and (wanted or {}).get("type") == "object"


def _wanted(request: ChatRequest) -> Mapping[str, Any] | None:
    given = request.parameters.get("response_format")
    if isinstance(given, Mapping) and isinstance(given.get("json_schema"), Mapping):
        schema: Mapping[str, Any] = given["json_schema"].get("schema") or {}
        return schema
    return request.json_schema


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = tool.get("function", tool)
    made = {"name": function["name"], "input_schema": function.get("parameters") or {"type": "object"}}
    return made | ({"description": function["description"]} if function.get("description") else {})


def _messages(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Turns of user and assistant; what tools gave goes into the user's turn."""
    made: list[dict[str, Any]] = []
    for message in messages:
        if message.get("role") in ("system", "developer"):
            continue
        role = "assistant" if message.get("role") == "assistant" else "user"
        blocks = _blocks(message)
        if made and made[-1]["role"] == role:
            made[-1]["content"] += blocks
        elif blocks:
            made.append({"role": role, "content": blocks})
    return made


def _blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    if message.get("role") == "tool":
        result = {"type": "tool_result", "tool_use_id": message.get("tool_call_id", "")}
        return [{**result, "content": text_of(message.get("content"))}]
    text = text_of(message.get("content"))
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    for call in message.get("tool_calls") or ():
        function = call["function"]
        try:
            given = json.loads(function.get("arguments") or "{}")
        except ValueError:
            given = {"arguments": function.get("arguments")}
        blocks.append({"type": "tool_use", "id": call["id"], "name": function["name"], "input": given})
    return blocks
