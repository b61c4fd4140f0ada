"""From the body of a chat completion to a call: which model or prompt, which schema, which parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers

from headrace.errors import ConfigError
from headrace.flows.calling.around import Around
from headrace.infer.gateway.base import CallRequest
from headrace.infer.schemas.base import Schema
from headrace.infer.schemas.file import make_schema
from headrace.server.callers import CALLER, labels_of
from headrace.server.openai.errors import OpenAIError

if TYPE_CHECKING:
    from headrace.flows.calling.operations import CallOperations

_OWN = frozenset(
    {
        "model",
        "messages",
        "tools",
        "stream",
        "stream_options",
        "metadata",
        "user",
        "variables",
        "store",
        "session",
        "entity",
    }
)
"""What is not passed on as a parameter."""
_PROMPT = "prompt:"
_SHAPES = ("text", "json_object", "json_schema")
_ANY_OBJECT = '{"type": "object"}'
_SCHEMAS_KEPT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A chat completion that was asked for."""

    request: CallRequest
    model: str
    """As the caller named it."""
    stream: bool
    include_usage: bool
    """Whether the stream ends with a chunk that has the usage."""


def read_chat(data: bytes, headers: Headers, calls: CallOperations) -> Asked:
    """Read a body. Raises OpenAIError, and HeadraceError for a prompt or model that cannot be had."""
    body = _object(data)
    model = _text(body, "model")
    messages = _messages(body, needed=not model.startswith(_PROMPT))
    tools = body.get("tools") or []
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise OpenAIError(400, "'tools' must be a list of objects.", param="tools")
    around = _around(body, headers)
    parameters = {key: value for key, value in body.items() if key not in _OWN and value is not None}
    if model.startswith(_PROMPT):
        name = model.removeprefix(_PROMPT)
        request = _of_prompt(name, body, messages, parameters, tools, calls, around=around)
    else:
        request = calls.plain(model, messages, parameters=parameters, tools=tools, schema=_schema(body))
        if around.session is not None and headers.get("x-headrace-history", "").lower() == "keep":
            request = calls.continued(request, around)
    options = body.get("stream_options")
    return Asked(
        request=_for_caller(request, around, headers),
        model=model,
        stream=body.get("stream") is True,
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
    )


def _of_prompt(
    name: str,
    body: Mapping[str, Any],
    messages: list[dict[str, Any]],
    parameters: Mapping[str, Any],
    tools: list[dict[str, Any]],
    calls: CallOperations,
    *,
    around: Around,
) -> CallRequest:
    """The prompt is rendered here; messages that come along follow it."""
    variables = body.get("variables") or body.get("metadata") or {}
    if not isinstance(variables, dict):
        raise OpenAIError(400, "'metadata' must be an object of variables.", param="metadata")
    if not body.get("variables"):
        variables = {key: value for key, value in variables.items() if key != "session"}
    request = calls.request(name, variables, around=around)
    schema = _schema(body)
    if schema is not None and request.schema is not None and schema.digest != request.schema.digest:
        raise OpenAIError(
            400, "This prompt has a schema of its own; leave `response_format` out.", param="response_format"
        )
    return replace(
        request,
        messages=[*request.messages, *messages],
        parameters={**request.parameters, **parameters},
        tools=[*request.tools, *tools],
        schema=request.schema or schema,
        keep=request.schema is not None,
    )


def needs_stores(data: bytes, headers: Headers) -> bool:
    """Whether more is read for a call than what serves: then it is not done on the event loop."""
    named = any(f"x-headrace-{name}" in headers for name in ("session", "entity"))
    return named or b'"session"' in data or b'"entity"' in data


def _around(body: Mapping[str, Any], headers: Headers) -> Around:
    """User, session and entity: of the body, or as headers for clients that cannot send them there."""
    user, metadata = body.get("user"), body.get("metadata")
    inside = metadata.get("session") if isinstance(metadata, dict) else None
    session = headers.get("x-headrace-session") or body.get("session") or inside
    if session is not None and not isinstance(session, str):
        raise OpenAIError(400, "'session' must be a text.", param="session")
    entity = body.get("entity") or _pairs(headers.get("x-headrace-entity", ""))
    if not isinstance(entity, dict):
        raise OpenAIError(400, "'entity' must be an object of keys.", param="entity")
    labels = (label.strip() for label in headers.get("x-headrace-access", "").split(","))
    return Around(
        session=session or None,
        user=(user.strip() or None) if isinstance(user, str) else None,
        entity=entity,
        access=labels_of([label for label in labels if label]),
        caller=CALLER.get(),
    )


def _pairs(text: str) -> dict[str, str]:
    pairs = (item.partition("=") for item in text.split(",") if item.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _for_caller(request: CallRequest, around: Around, headers: Headers) -> CallRequest:
    caller = around.caller
    once = headers.get("idempotency-key")
    if once and caller is not None:
        once = f"{caller.id} {once}"  # another caller's word for the same is another call
    return replace(
        request,
        subject=around.user or request.subject,
        session=around.session or request.session,
        access=tuple(around.access) or request.access,
        idempotency_key=once or request.idempotency_key,
        caller=caller,
    )


def _object(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise OpenAIError(400, "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise OpenAIError(400, "The body must be a JSON object.")
    return body


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise OpenAIError(400, f"{key!r} must be a text.", param=key, code="missing_required_parameter")
    return value


def _messages(body: Mapping[str, Any], *, needed: bool) -> list[dict[str, Any]]:
    messages = body.get("messages", [])
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise OpenAIError(400, "'messages' must be a list of objects.", param="messages")
    if needed and not messages:
        raise OpenAIError(400, "'messages' is empty.", param="messages", code="missing_required_parameter")
    for place, message in enumerate(messages):
        if not isinstance(message.get("role"), str):
            raise OpenAIError(400, f"Message {place} has no 'role'.", param=f"messages[{place}].role")
    return messages


def _schema(body: Mapping[str, Any]) -> Schema | None:
    """The schema of `response_format`; any JSON object in JSON mode."""
    given = body.get("response_format")
    if given is None:
        return None
    kind = given.get("type") if isinstance(given, dict) else None
    if kind not in _SHAPES:
        raise OpenAIError(
            400, f"'response_format.type' must be one of {', '.join(_SHAPES)}.", param="response_format"
        )
    if kind == "text":
        return None
    if kind == "json_object":
        return _made("json_object", _ANY_OBJECT)
    shape = given.get("json_schema")
    if not isinstance(shape, dict) or not isinstance(shape.get("schema"), dict):
        raise OpenAIError(400, "'response_format.json_schema.schema' is missing.", param="response_format")
    try:
        return _made(str(shape.get("name") or "output"), json.dumps(shape["schema"], sort_keys=True))
    except ConfigError as error:
        raise OpenAIError(400, error.message, param="response_format") from error


@lru_cache(maxsize=_SCHEMAS_KEPT)
def _made(name: str, text: str) -> Schema:
    """The schema of a JSON text; clients send the same one with every request. Raises ConfigError."""
    return make_schema(name, json.loads(text))
