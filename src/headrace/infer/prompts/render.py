"""From a prompt and its variables to messages."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from headrace.errors import UsageError
from headrace.infer.prompts.base import EXAMPLES, Message, Prompt, Role
from headrace.infer.prompts.template import environment_with, read_body, split_sections
from headrace.infer.prompts.variables import check_variables

if TYPE_CHECKING:
    from jinja2 import Template

_COMPILED = 256


def render(prompt: Prompt, variables: Mapping[str, Any]) -> list[Message]:
    """The messages of one call, examples included.

    Values are text, numbers, None, lists, mappings, or dataclasses of these. Examples stand where the body
    uses `examples`, otherwise as pairs of messages behind the system's. Raises UsageError when a variable is
    missing, not the prompt's, or of another type, or when the sandbox forbids something.
    """
    check_variables(prompt, variables)
    return _compiled(prompt.digest, _Held(prompt)).render(prompt.name, variables)


class _Compiled:
    """A prompt ready to be rendered many times."""

    def __init__(self, prompt: Prompt) -> None:
        sandbox = environment_with(prompt.includes)
        self._sections = [(role, sandbox.from_string(text)) for role, text, _ in split_sections(prompt.body)]
        self._absent = dict.fromkeys(prompt.variables)
        rows = [] if prompt.few_shot is None else [_plain(row, EXAMPLES) for row in prompt.few_shot.rows]
        is_placed = EXAMPLES in read_body(prompt.body, prompt.includes.__getitem__).variables
        self._shown = {EXAMPLES: rows} if rows and is_placed else {}
        pairs = [] if is_placed else rows
        self._pairs = [message for row in pairs for message in self._pair(prompt, row)]

    def render(self, name: str, variables: Mapping[str, Any]) -> list[Message]:
        values = {**self._absent, **{key: _plain(value, key) for key, value in variables.items()}}
        made = list(self._messages(name, {**values, **self._shown}, self._sections))
        if not self._pairs:
            return made
        start = next((at for at, item in enumerate(made) if item["role"] != "system"), len(made))
        return [*made[:start], *self._pairs, *made[start:]]

    def _messages(
        self, name: str, values: Mapping[str, Any], sections: Sequence[tuple[Role, Template]]
    ) -> Iterator[Message]:
        from jinja2 import TemplateError

        for role, template in sections:
            try:
                content = template.render(values).strip()
            except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
                raise UsageError(
                    f"Prompt {name!r}, section {role!r}, cannot be rendered: {error}",
                    hint="Correct the prompt file.",
                    prompt=name,
                ) from error
            if content:
                yield Message(role=role, content=content)

    def _pair(self, prompt: Prompt, row: Mapping[str, Any]) -> Iterator[Message]:
        given = row.get("input")
        if "messages" in row:
            yield from (Message(role=item["role"], content=item["content"]) for item in row["messages"])
        elif isinstance(given, Mapping):
            sections = [section for section in self._sections if section[0] != "system"]
            yield from self._messages(prompt.name, {**self._absent, **given}, sections)
        else:
            yield Message(role="user", content=_text(given))
        yield Message(role="assistant", content=_text(row["output"]))


class _Held:
    """A prompt beside its digest: the digest alone decides which compiled one is found."""

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=_COMPILED)
def _compiled(digest: str, held: _Held) -> _Compiled:
    return _Compiled(held.prompt)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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
