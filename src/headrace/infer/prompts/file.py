"""Reads prompt files: front matter, body, and what both draw in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from headrace.errors import ConfigError, NotFoundError, UsageError
from headrace.infer.prompts.base import EXAMPLES, Pinned, Prompt
from headrace.infer.prompts.confinement import FileRefused, confined, read_confined
from headrace.infer.prompts.examples import ReadSet, example_errors, read_examples
from headrace.infer.prompts.front import (
    Front,
    features_of,
    history_of,
    parameters_of,
    read_front,
    texts_of,
    variables_of,
    vault_of,
)
from headrace.infer.prompts.shape import named
from headrace.infer.prompts.template import Body, BodyError, read_body
from headrace.infer.prompts.tools import read_tool
from headrace.infer.prompts.variables import check_variables
from headrace.infer.schemas.base import Schema
from headrace.infer.schemas.file import load_schema
from headrace.ledger.identity import digest_bytes

BUILTIN = ("answer",)
"""Prompts that come with the package; a file of the workspace with the same name stands before them."""


NAMES = "letters, digits, '.', '_' and '-', at most 64, a letter or digit first"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def load_prompt(folder: Path, name: str) -> Prompt:
    """Read `NAME.md` of a prompts folder, or the built-in prompt of that name; schemas lie in `../schemas`.

    Raises NotFoundError when there is neither, ConfigError when the file is wrong.
    """
    return _first(*examine(folder, name))


def examine(folder: Path, name: str) -> tuple[Prompt | None, list[ConfigError]]:
    """Read a prompt like `load_prompt` and give everything that is wrong with it. Raises NotFoundError."""
    path = folder / f"{name}.md"
    if not _NAME.fullmatch(name):
        if name not in prompt_names(folder):
            raise NotFoundError("prompt", name, known=prompt_names(folder))
        problem = f"{name!r} cannot be the name of a prompt; rename its file."
        return None, [ConfigError(problem, file=str(path), allowed=[NAMES])]
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if name in BUILTIN:
            return builtin_prompt(name), []
        known = sorted({*BUILTIN, *prompt_names(folder)})
        raise NotFoundError(
            "prompt", name, known=known, hint=f"Write {path.name!r} in {folder.name!r}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        return None, [ConfigError(f"prompt {name!r} cannot be read as UTF-8 text: {error}", file=str(path))]
    return _read(name, text, file=str(path), folder=folder)


def prompt_names(folder: Path) -> list[str]:
    """Names of the prompt files of a folder, sorted."""
    return sorted(file.stem for file in folder.glob("*.md") if file.is_file())


def builtin_prompt(name: str) -> Prompt:
    """A prompt that comes with the package. Raises NotFoundError."""
    if name not in BUILTIN:
        raise NotFoundError("built-in prompt", name, known=BUILTIN)
    file = resources.files("headrace.infer.prompts") / "builtin" / f"{name}.md"
    return parse_prompt(name, file.read_text(encoding="utf-8"), file=f"{name}.md")


def parse_prompt(name: str, text: str, *, file: str = "", folder: Path | None = None) -> Prompt:
    """Check a prompt file's text and name it by its content. Raises ConfigError with file and line.

    Includes, few-shot sets and pinned files are read from `folder`, schemas from `schemas` beside it.
    """
    return _first(*_read(name, text, file=file, folder=folder))


def _first(prompt: Prompt | None, errors: list[ConfigError]) -> Prompt:
    if errors or prompt is None:
        raise errors[0]
    return prompt


def _read(name: str, text: str, *, file: str, folder: Path | None) -> tuple[Prompt | None, list[ConfigError]]:
    try:
        front = read_front(name, text, file=file)
    except ConfigError as error:
        return None, [error]
    body = _body(front, folder)
    schema = _schema(front, folder)
    examples = _examples(front, folder, schema)
    features = features_of(front)
    variables, types = _variables(front, body, filled={item.variable for item in features})
    prompt = Prompt(
        name=name,
        digest="",
        body=front.body,
        parameters=parameters_of(front),
        variables=variables,
        types=types,
        model=front.fields.get("model"),
        fallbacks=texts_of(front, "fallbacks"),
        schema=schema,
        tools=_tools(front),
        features=features,
        profile=front.fields.get("profile"),
        history=history_of(front),
        few_shot=None if examples is None else examples.few_shot,
        vault=vault_of(front),
        includes={} if body is None else dict(sorted(body.includes.items())),
        chat_template=_pinned(front, folder, "chat_template"),
        tokenizer=_pinned(front, folder, "tokenizer"),
        description=front.fields.get("description", ""),
    )
    if body is not None and examples is not None and EXAMPLES not in body.variables:
        _check_inputs(front, prompt, examples)
    return _named(front, prompt), front.errors


def _named(front: Front, prompt: Prompt) -> Prompt | None:
    """The prompt under its digest; None where something is wrong."""
    if front.errors:
        return None
    try:
        return named(prompt)
    except (TypeError, ValueError) as error:
        front.complain(f"prompt {front.name!r} holds what cannot be stored: {error}", line=1)
        return None


def _body(front: Front, folder: Path | None) -> Body | None:
    try:
        return read_body(front.body, lambda path: read_confined(folder, path), name=f"{front.name}.md")
    except BodyError as error:
        front.complain(f"prompt {front.name!r}: {error.problem}.", line=front.body_line + error.line - 1)
        return None


def _schema(front: Front, folder: Path | None) -> Schema | None:
    name = front.fields.get("schema")
    if name is None:
        return None
    try:
        return load_schema((folder or Path()).parent / "schemas", name)
    except NotFoundError as error:
        front.complain(f"prompt {front.name!r}: {error.message} {error.hint}".rstrip(), key="schema")
    except ConfigError as error:
        front.errors.append(error)
    return None


def _examples(front: Front, folder: Path | None, schema: Schema | None) -> ReadSet | None:
    name = front.fields.get("few_shot")
    if name is None:
        return None
    try:
        read = read_examples(folder, name)
    except FileRefused as error:
        front.complain(f"prompt {front.name!r}: few-shot set: {error}.", key="few_shot")
        return None
    except ConfigError as error:
        front.errors.append(error)
        return None
    front.errors.extend(example_errors(read, schema))
    return read


def _check_inputs(front: Front, prompt: Prompt, examples: ReadSet) -> None:
    """Inputs that are tables are rendered like those of a call, so they hold what a call gives."""
    for line, row in zip(examples.lines, examples.few_shot.rows, strict=True):
        if isinstance(row.get("input"), dict):
            try:
                check_variables(prompt, row["input"])
            except UsageError as error:
                front.errors.append(ConfigError(error.message, file=examples.file, line=line))


def _pinned(front: Front, folder: Path | None, key: str) -> Pinned | None:
    path = front.fields.get(key)
    if path is None:
        return None
    try:
        data = confined(folder, path).read_bytes()
    except (FileRefused, OSError) as error:
        front.complain(f"prompt {front.name!r}: {key}: {error}.", key=key)
        return None
    return Pinned(path=path, digest=digest_bytes(key, data))


def _tools(front: Front) -> tuple[Mapping[str, Any], ...]:
    found: dict[str, Mapping[str, Any]] = {}
    for given in front.fields.get("tools", []):
        try:
            tool = read_tool(given)
        except ValueError as error:
            front.complain(f"{error}.", key="tools")
            continue
        name = tool["function"]["name"]
        if name in found:
            front.complain(f"tool {name!r} is declared twice.", key="tools")
        found[name] = tool
    return tuple(found.values())


def _variables(
    front: Front, body: Body | None, *, filled: set[str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Variables and types; what is filled in by the call itself need not be declared again."""
    declared = variables_of(front)
    if body is None:
        return tuple(sorted(declared or {})), {}
    used = body.variables - ({EXAMPLES} if "few_shot" in front.fields else set())
    if declared is None:
        return tuple(sorted(used)), {}
    own = {*filled, *(["profile"] if "profile" in front.fields else [])}
    declared |= dict.fromkeys(sorted((own & used) - set(declared)), "any")
    if undeclared := sorted(used - set(declared)):
        near = difflib.get_close_matches(undeclared[0], declared, n=1)
        said = f"prompt {front.name!r} uses variables it does not declare: {_listing(undeclared)}."
        nearest = near[0] if near else None
        front.complain(said, key="variables", allowed=tuple(declared), nearest=nearest)
    if unused := sorted(set(declared) - used):
        said = f"prompt {front.name!r} declares variables it does not use: {_listing(unused)}."
        front.complain(said, key="variables")
    types = {name: kind for name, kind in sorted(declared.items()) if kind != "any"}
    return tuple(sorted(declared)), types


def _listing(names: list[str]) -> str:
    return ", ".join(map(repr, names))
