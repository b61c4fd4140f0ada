"""From a prompt and its variables to messages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from headrace.errors import UsageError
from headrace.infer.prompts.base import Message, Prompt
from headrace.infer.prompts.template import environment, split_sections


def render(prompt: Prompt, variables: Mapping[str, Any]) -> list[Message]:
    """The messages of one call. Values are text, numbers, None, lists, mappings, or dataclasses of these.

    Raises UsageError when a variable is missing or not the prompt's, or when the sandbox forbids something.
    """
    from jinja2 import TemplateError

    _check_names(prompt, variables)
    values = {name: _plain(value, name) for name, value in variables.items()}
    messages: list[Message] = []
    for role, text, _ in split_sections(prompt.body):
        try:
            content = environment().from_string(text).render(values).strip()
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise UsageError(
                f"Prompt {prompt.name!r}, section {role!r}, cannot be rendered: {error}",
                hint="Correct the prompt file.",
                prompt=prompt.name,
            ) from error
        if content:
            messages.append(Message(role=role, content=content))
    return messages


def _check_names(prompt: Prompt, variables: Mapping[str, Any]) -> None:
    problems = {
        "needs": sorted(set(prompt.variables) - set(variables)),
        "does not take": sorted(set(variables) - set(prompt.variables)),
    }
    for verb, names in problems.items():
        if names:
            raise UsageError(
                f"Prompt {prompt.name!r} {verb} {', '.join(map(repr, names))}.",
                hint=f"It takes exactly: {', '.join(prompt.variables) or 'nothing'}.",
                prompt=prompt.name,
            )


def _plain(value: Any, name: str) -> Any:
    """Plain data only: a template that holds no objects has nothing to climb out by."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name), name) for item in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item, name) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_plain(item, name) for item in value]
    raise UsageError(f"Variable {name!r} holds a {type(value).__name__}, which a prompt cannot take.")
