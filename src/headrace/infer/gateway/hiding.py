"""Takes personal data out of the messages of a call before they leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from headrace.infer.gateway.base import CallRequest, Shield, ShieldSource


def hidden(source: ShieldSource, request: CallRequest) -> tuple[Shield, list[dict[str, Any]]]:
    """A shield, and the messages with tokens for values. Raises HeadraceError: then nothing may leave."""
    shield = source.shield(request)
    return shield, [_message(message, shield) for message in request.messages]


def _message(message: Mapping[str, Any], shield: Shield) -> dict[str, Any]:
    made = dict(message)
    content = message.get("content")
    if isinstance(content, str):
        made["content"] = shield.hide(content)
    elif isinstance(content, list):
        made["content"] = [_hide_all(part, shield, keep=("type",)) for part in content]
    if message.get("name"):
        made["name"] = shield.hide(str(message["name"]))
    if message.get("tool_calls"):
        made["tool_calls"] = [_call(call, shield) for call in message["tool_calls"]]
    return made


def _call(call: Mapping[str, Any], shield: Shield) -> dict[str, Any]:
    function = dict(call.get("function") or {})
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        try:
            value = json.loads(arguments)
        except ValueError:
            function["arguments"] = shield.hide(arguments)
        else:
            function["arguments"] = json.dumps(_hide_all(value, shield), ensure_ascii=False)
    return {**call, "function": function}


def _hide_all(value: Any, shield: Shield, *, keep: tuple[str, ...] = ()) -> Any:
    """Every text of a JSON value but those under the keys to keep."""
    if isinstance(value, str):
        return shield.hide(value)
    if isinstance(value, Mapping):
        return {
            key: item if key in keep else _hide_all(item, shield, keep=keep) for key, item in value.items()
        }
    if isinstance(value, list):
        return [_hide_all(item, shield, keep=keep) for item in value]
    return value
