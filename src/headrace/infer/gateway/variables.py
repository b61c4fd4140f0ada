"""The variables of a call as they may be kept: plain values, with tokens where the vault stands between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.errors import HeadraceError
from headrace.infer.gateway.base import CallRequest, Shield
from headrace.records.wire import texts_in

_MOST = 999_999
"""A larger number may be somebody's, such as that of a telephone: it is kept as text, to be redacted."""


def plain_variables(value: Any) -> Any:
    """Variables as JSON values; what is none, such as a record, is told by its text."""
    if isinstance(value, Mapping):
        return {str(key): plain_variables(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain_variables(item) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def kept_variables(request: CallRequest, shield: Shield | None) -> Mapping[str, Any] | None:
    """What the prompt of a call was rendered from; None without a prompt, or where it cannot be protected.

    Behind the vault only where every text of it stands in the messages: those were looked through already,
    so nothing more is found to be unprotected here.
    """
    if request.prompt is None:
        return None
    plain: Mapping[str, Any] = _as_text(plain_variables(request.variables))
    if shield is None:
        return plain
    sent = "\n".join(texts_in([message.get("content") for message in request.messages]))
    if not all(text in sent for text in texts_in(plain)):
        return None
    try:
        return {name: _hidden(value, shield) for name, value in plain.items()}
    except HeadraceError:  # the messages left protected; these are not needed
        return None


def _as_text(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_text(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_as_text(part) for part in value]
    return str(value) if isinstance(value, int | float) and abs(value) > _MOST else value


def _hidden(value: Any, shield: Shield) -> Any:
    if isinstance(value, str):
        return shield.hide(value)
    if isinstance(value, Mapping):
        return {shield.hide(key): _hidden(part, shield) for key, part in value.items()}
    if isinstance(value, list):
        return [_hidden(part, shield) for part in value]
    return value
