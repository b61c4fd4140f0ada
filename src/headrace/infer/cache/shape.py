"""Everything that shapes a call, as one name; and which part of it may be worded otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from headrace.infer.cache.config import CacheConfig
from headrace.infer.gateway.base import CallRequest
from headrace.ledger.identity import digest

Identity = Callable[[str], Mapping[str, Any]]
"""From the model of a call to what it stands for in the configuration."""

Personal = Callable[[str], Sequence[str]]
"""The personal data in a text."""

_MOST_QUESTION_CHARACTERS = 2_000
_PLACE = "\x00question\x00"
# Words that change what is asked though hardly its embedding.
_TELLING = re.compile(
    r"\d+(?:[.,:/-]\d+)*|\b(?:not|no|never|none|without|except|only|cannot|nicht|kein\w*|nie|ohne|pas|jamais|"
    r"sans|sin|nunca|senza|non)\b|\w+n['’]t\b|\"[^\"]+\"|“[^”]+”",
    re.IGNORECASE,
)
_NAMES = re.compile(r"(?<![.!?]\s)(?<!^)\b[^\W\d_a-z][\w-]*", re.MULTILINE)
_NOT_SENT = frozenset({"stream", "stream_options"})


class Question(NamedTuple):
    """The part of a call that a semantic hit may word otherwise."""

    text: str
    partition: Mapping[str, Any]
    """All the rest of the call, and what of the question has to be the same."""


def exact(request: CallRequest, identity: Identity) -> str:
    """The digest of a call. Raises TypeError and ValueError for values that have no digest."""
    return digest("call", _shape(request, identity, list(map(_plain, request.messages))))


def question(request: CallRequest, identity: Identity, personal: Personal) -> Question | None:
    """What the call asks; None where that cannot be told from what it is given to answer from.

    With a prompt it is the longest of the variables that stand word for word in the last message of the user,
    without one that message; both up to 2,000 characters. Numbers, negations, quotes, names and personal data
    in it belong to the rest: they have to be the same.
    """
    text = _asked(request)
    if text is None:
        return None
    messages = [_replaced(_plain(message), text) for message in request.messages]
    telling = telling_words(text)
    names = sorted([*_NAMES.findall(text), *personal(text)])
    shape = _shape(request, identity, messages)
    return Question(text, {**shape, "telling": telling, "names": names})


def telling_words(text: str) -> list[str]:
    """Numbers, negations and quoted words: what changes a meaning more than an embedding."""
    return sorted(found.lower() for found in _TELLING.findall(text))


def may_be_cached(request: CallRequest, config: CacheConfig) -> bool:
    """Whether a call of this kind is looked up and kept at all."""
    temperature = request.parameters.get("temperature", 0)
    is_sampled = isinstance(temperature, int | float) and temperature > 0
    several = request.parameters.get("n", 1) not in (1, None)
    return not several and (config.sampled or not is_sampled)


def _shape(request: CallRequest, identity: Identity, messages: Sequence[Any]) -> dict[str, Any]:
    session = [request.session, request.subject] if request.vault != "off" else None
    return {
        "messages": list(messages),
        "models": [dict(identity(model)) for model in (request.model, *request.fallbacks)],
        "parameters": {
            key: _plain(value) for key, value in request.parameters.items() if key not in _NOT_SENT
        },
        "tools": [_plain(tool) for tool in request.tools],
        "schema": request.schema.digest if request.schema else None,
        "prompt": request.prompt.digest if request.prompt else None,
        "retrieved": [
            [item.corpus, item.document, item.revision, item.chunk_id] for item in request.retrieved
        ],
        "access": sorted(set(request.access)),
        "vault": request.vault,
        "session": session,
    }


def _asked(request: CallRequest) -> str | None:
    last = next((message for message in reversed(request.messages) if message.get("role") == "user"), None)
    content = last.get("content") if last else None
    if not isinstance(content, str) or not content.strip():
        return None
    given = (
        [content] if request.prompt is None else [v for v in request.variables.values() if isinstance(v, str)]
    )
    fitting = [
        text for text in given if 0 < len(text.strip()) <= _MOST_QUESTION_CHARACTERS and text in content
    ]
    return max(fitting, key=len, default=None)


def _replaced(value: Any, text: str) -> Any:
    if isinstance(value, str):
        return value.replace(text, _PLACE)
    if isinstance(value, dict):
        return {key: _replaced(part, text) for key, part in value.items()}
    return [_replaced(part, text) for part in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
