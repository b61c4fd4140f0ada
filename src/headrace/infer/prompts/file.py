"""Reads prompt files: YAML front matter, then the body."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from headrace.errors import ConfigError, NotFoundError
from headrace.infer.prompts.base import Prompt
from headrace.infer.prompts.template import BodyError, find_variables
from headrace.ledger.identity import digest

BUILTIN = ("answer",)
"""Prompts that come with the package; a file of the workspace with the same name stands before them."""

_FENCE = "---\n"
_NUMBER: tuple[type, ...] = (int, float)
_PARAMETERS: Mapping[str, tuple[type, ...]] = {
    "model": (str,),
    "temperature": _NUMBER,
    "top_p": _NUMBER,
    "max_tokens": (int,),
    "seed": (int,),
    "stop": (str, list),
    "presence_penalty": _NUMBER,
    "frequency_penalty": _NUMBER,
}
_KEYS = (*_PARAMETERS, "variables", "description")


def load_prompt(folder: Path, name: str) -> Prompt:
    """Read `NAME.md` of a prompts folder, or the built-in prompt of that name.

    Raises NotFoundError when there is neither, ConfigError when the file is wrong.
    """
    path = folder / f"{name}.md"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if name in BUILTIN:
            return builtin_prompt(name)
        known = sorted({*BUILTIN, *(file.stem for file in folder.glob("*.md"))})
        raise NotFoundError(
            "prompt", name, known=known, hint=f"Write {path.name!r} in {folder.name!r}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"prompt {name!r} cannot be read as UTF-8 text: {error}", file=str(path)) from error
    return parse_prompt(name, text, file=str(path))


def builtin_prompt(name: str) -> Prompt:
    """A prompt that comes with the package. Raises NotFoundError."""
    if name not in BUILTIN:
        raise NotFoundError("built-in prompt", name, known=BUILTIN)
    file = resources.files("headrace.infer.prompts") / "builtin" / f"{name}.md"
    return parse_prompt(name, file.read_text(encoding="utf-8"), file=f"{name}.md")


def parse_prompt(name: str, text: str, *, file: str = "") -> Prompt:
    """Check a prompt file's text and name it by its content. Raises ConfigError with file and line."""
    front, body, body_line = _split_front(text, file=file)
    fields = _read_front(front, file=file)
    try:
        used = find_variables(body)
    except BodyError as error:
        raise ConfigError(
            f"prompt {name!r}: {error.problem}.", file=file, line=body_line + error.line - 1
        ) from error
    variables = _check_variables(fields.get("variables"), used, name=name, file=file)
    parameters = {key: fields[key] for key in sorted(_PARAMETERS) if key in fields}
    shape = {"body": body, "parameters": parameters, "variables": variables}
    return Prompt(
        name=name,
        digest=digest("prompt", shape),
        body=body,
        parameters=parameters,
        variables=tuple(variables),
    )


def _split_front(text: str, *, file: str) -> tuple[str, str, int]:
    """Front matter, body, and the line of the file on which the body starts."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if not text.startswith(_FENCE):
        return "", text, 1
    front, fence, body = text[len(_FENCE) - 1 :].partition("\n" + _FENCE)
    if not fence:
        raise ConfigError("the front matter has no closing line '---'.", file=file, line=1)
    return front, body, front.count("\n") + 3


def _read_front(front: str, *, file: str) -> dict[str, Any]:
    import yaml

    try:
        fields = yaml.safe_load(front) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or "it is not YAML"
        raise ConfigError(f"front matter: {said}.", file=file, line=mark.line + 1 if mark else 1) from error
    if not isinstance(fields, dict):
        raise ConfigError("the front matter must be a table of keys and values.", file=file, line=1)
    for key, value in fields.items():
        line = next((at for at, row in enumerate(front.split("\n"), start=1) if row.startswith(f"{key}:")), 1)
        if key not in _KEYS:
            near = difflib.get_close_matches(str(key), _KEYS, n=1)
            problem = f"unknown key {str(key)!r} in the front matter."
            raise ConfigError(
                problem, key=str(key), file=file, line=line, allowed=_KEYS, nearest=near[0] if near else None
            )
        kinds = _PARAMETERS.get(key)
        if kinds is not None and (not isinstance(value, kinds) or isinstance(value, bool)):
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise ConfigError(f"{key!r} must be {wanted}, not {value!r}.", key=key, file=file, line=line)
    return fields


def _check_variables(declared: Any, used: frozenset[str], *, name: str, file: str) -> list[str]:
    if declared is None:
        return sorted(used)
    if not isinstance(declared, list) or not all(isinstance(item, str) for item in declared):
        raise ConfigError("'variables' must be a list of names.", key="variables", file=file)
    if undeclared := sorted(used - set(declared)):
        listing = ", ".join(map(repr, undeclared))
        near = difflib.get_close_matches(undeclared[0], declared, n=1)
        problem = f"prompt {name!r} uses variables it does not declare: {listing}."
        raise ConfigError(
            problem, key="variables", file=file, allowed=declared, nearest=near[0] if near else None
        )
    if unused := sorted(set(declared) - used):
        listing = ", ".join(map(repr, unused))
        raise ConfigError(
            f"prompt {name!r} declares variables it does not use: {listing}.", key="variables", file=file
        )
    return sorted(set(declared))
