"""Puts values back where tokens stand: in texts, in JSON texts and in JSON values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from headrace.privacy.vault.jsontext import is_json, quoted
from headrace.privacy.vault.tokens import name_of, spellings
from headrace.privacy.vault.values import Value


class Resolve(Protocol):
    """From the name of a token to its value; None for one that is unknown in this scope."""

    def __call__(self, name: str) -> Value | None:
        """The value, which is then shown; whoever was asked counts it."""
        ...

    def peek(self, name: str) -> Value | None:
        """The value, only to look at."""
        ...


_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def show(text: str, resolve: Resolve) -> str:
    """A text with its values; in a JSON text they are escaped as their place needs it."""
    if next(spellings(text), None) is None:
        return text
    return show_json_text(text, resolve) if is_json(text) else show_plain(text, resolve)


def show_plain(text: str, resolve: Resolve) -> str:
    """A text that is no JSON, with its values."""
    return _replaced(text, resolve, lambda _, value: plain(value))


def show_json_text(text: str, resolve: Resolve) -> str:
    """A JSON text with its values; nothing else of it changes."""
    return _STRING.sub(lambda found: _string(found.group(), resolve), text)


def show_value(value: Any, resolve: Resolve) -> Any:
    """A JSON value with the values in every string and key; a string that is JSON itself stays JSON."""
    if isinstance(value, str):
        bare = _bare(value, resolve)
        return show(value, resolve) if bare is None else json.loads(bare)
    if isinstance(value, Mapping):
        return {show(str(key), resolve): show_value(part, resolve) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [show_value(part, resolve) for part in value]
    return value


def plain(value: Value) -> str:
    """A value as it reads outside of JSON."""
    if value.form != "raw":
        return value.text
    try:
        return str(json.loads(f'"{value.text}"', strict=False))
    except ValueError:
        return value.text


def in_string(found: re.Match[str], value: Value) -> str:
    """A value as it stands inside a JSON string."""
    if value.form == "raw":
        return value.text
    return quoted(value.text, ascii_only=found.group().startswith("\\"))


def start_in_json(found: re.Match[str]) -> int:
    """Where a spelling in JSON starts: a bracket that is escaped twice goes with both backslashes."""
    start = found.start()
    before = found.string[:start]
    is_odd = (len(before) - len(before.rstrip("\\"))) % 2 == 1
    return start - 1 if is_odd and found.group().startswith("\\") else start


def _string(literal: str, resolve: Resolve) -> str:
    inside = literal[1:-1]
    if next(spellings(inside), None) is None:
        return literal
    bare = _bare(inside, resolve)
    if bare is not None:
        return bare
    said = json.loads(literal, strict=False)
    if is_json(said):
        return f'"{quoted(show_json_text(said, resolve), ascii_only=literal.isascii())}"'
    return f'"{_replaced(inside, resolve, in_string, start_in_json)}"'


def _bare(text: str, resolve: Resolve) -> str | None:
    """The JSON value that a string stands for, when it is nothing but the token of one without quotes."""
    found = next(spellings(text), None)
    if found is None or found.span() != (0, len(text)):
        return None
    value = resolve.peek(name_of(found))
    if value is None or value.form != "bare":
        return None
    resolve(name_of(found))
    return value.text


def _replaced(
    text: str,
    resolve: Resolve,
    form: Callable[[re.Match[str], Value], str],
    start: Callable[[re.Match[str]], int] = re.Match.start,
) -> str:
    parts: list[str] = []
    at = 0
    for found in spellings(text):
        value = resolve(name_of(found))
        if value is not None:
            parts += (text[at : start(found)], form(found, value))
            at = found.end()
    return "".join((*parts, text[at:])) if parts else text
