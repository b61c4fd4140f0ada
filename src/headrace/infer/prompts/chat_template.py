"""Chat template and tokenizer of a self-served model: held fast by their bytes, rendered and counted here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.errors import ConfigError, UsageError
from headrace.infer.prompts.base import Message, Pinned, Prompt
from headrace.infer.prompts.confinement import FileRefused, confined
from headrace.ledger.identity import digest_bytes

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment


class ChatTemplate(NamedTuple):
    """A template with the words that stand at the ends of its text."""

    text: str
    bos_token: str
    eos_token: str


class TemplateMismatch(ConfigError):
    """A self-served model does not have the chat template or tokenizer that a prompt holds fast."""


def read_template(folder: Path, prompt: Prompt) -> ChatTemplate:
    """The pinned template: a Jinja file, or a `tokenizer_config.json` that holds one.

    Raises UsageError where the prompt pins none, TemplateMismatch where the file is no longer the pinned one.
    """
    if prompt.chat_template is None:
        raise UsageError(
            f"Prompt {prompt.name!r} pins no chat template.",
            hint="Name a file below prompts/ in its front matter: `chat_template: models/small.jinja`.",
        )
    data = _read(folder, prompt, prompt.chat_template, "chat_template")
    try:
        text = data.decode("utf-8-sig")
        given = json.loads(text) if prompt.chat_template.path.endswith(".json") else {"chat_template": text}
        return ChatTemplate(
            _word(given["chat_template"]), _word(given.get("bos_token")), _word(given.get("eos_token"))
        )
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        problem = f"{prompt.chat_template.path!r} holds no chat template: {error}."
        raise ConfigError(problem, file=prompt.chat_template.path) from error


def apply_template(
    template: ChatTemplate, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()
) -> str:
    """The one text that a model reads, open for its answer. Raises UsageError."""
    from jinja2 import TemplateError

    values = {
        "messages": [dict(message) for message in messages],
        "tools": [dict(tool) for tool in tools] or None,
        "add_generation_prompt": True,
        "bos_token": template.bos_token,
        "eos_token": template.eos_token,
    }
    try:
        return _environment().from_string(template.text).render(values)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise UsageError(
            f"The chat template cannot be applied: {error}",
            hint="Compare the pinned file with the one the model was published with.",
        ) from error


def count_tokens(folder: Path, prompt: Prompt, text: str) -> int | None:
    """Tokens of a text by the pinned tokenizer; None where none is pinned. Raises TemplateMismatch."""
    if prompt.tokenizer is None:
        return None
    from tokenizers import Tokenizer

    data = _read(folder, prompt, prompt.tokenizer, "tokenizer")
    try:
        tokenizer = Tokenizer.from_buffer(data)
    except Exception as error:
        problem = f"{prompt.tokenizer.path!r} is no tokenizer.json: {error}."
        raise ConfigError(problem, file=prompt.tokenizer.path) from error
    return len(tokenizer.encode(text, add_special_tokens=False).ids)


def require_same(folder: Path, prompt: Prompt, reported: Mapping[str, Any]) -> None:
    """Hold what an upstream reports of itself against what a prompt pins. Raises TemplateMismatch.

    `reported` is JSON as llama.cpp's `/props` gives it (`chat_template`, `bos_token`, `eos_token`), or
    digests as `chat_template_digest` and `tokenizer_digest`. What it does not report passes unseen.
    """
    problems = []
    for key in ("chat_template", "tokenizer"):
        pin: Pinned | None = getattr(prompt, key)
        told = reported.get(f"{key}_digest")
        if pin is not None and told is not None and told != pin.digest:
            problems.append(f"its {key} is {told}, pinned is {pin.digest}")
    if prompt.chat_template is not None and isinstance(reported.get("chat_template"), str):
        pinned = read_template(folder, prompt)
        if _lines(reported["chat_template"]) != _lines(pinned.text):
            problems.append(f"its chat template is not the text of {prompt.chat_template.path!r}")
        for key in ("bos_token", "eos_token"):
            ours, theirs = getattr(pinned, key), reported.get(key)
            if ours and isinstance(theirs, str) and theirs != ours:
                problems.append(f"its {key} is {theirs!r}, pinned is {ours!r}")
    if problems:
        raise TemplateMismatch(
            f"The model that prompt {prompt.name!r} is for is served otherwise: {'; '.join(problems)}."
        )


def _read(folder: Path, prompt: Prompt, pin: Pinned, kind: str) -> bytes:
    try:
        data = confined(folder, pin.path).read_bytes()
    except (FileRefused, OSError) as error:
        raise TemplateMismatch(f"prompt {prompt.name!r}: {kind}: {error}.", file=pin.path) from error
    found = digest_bytes(kind, data)
    if found != pin.digest:
        problem = f"prompt {prompt.name!r} pins {pin.digest}, and the file is {found} now."
        raise TemplateMismatch(problem, key=kind, file=pin.path)
    return data


def _word(given: Any) -> str:
    """A token as text; some configurations wrap it in a table."""
    if isinstance(given, Mapping):
        given = given.get("content")
    if given is None:
        return ""
    if not isinstance(given, str):
        raise TypeError(f"{type(given).__name__} where text should stand")
    return given


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    """As model hubs render their templates, in the sandbox, and without the clock."""
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    sandbox = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols], autoescape=False, loader=None
    )
    sandbox.globals = {name: sandbox.globals[name] for name in ("range", "namespace", "dict")}
    sandbox.globals["raise_exception"] = _refuse
    sandbox.filters["tojson"] = _json
    return sandbox


def _refuse(message: str) -> None:
    from jinja2 import TemplateError

    raise TemplateError(message)


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)
