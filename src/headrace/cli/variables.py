"""`--var NAME=VALUE`: variables of a prompt on the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headrace.errors import UsageError
from headrace.infer.prompts.types import Written


def read_variables(given: Sequence[str]) -> dict[str, Written]:
    """Name to text; `NAME=@FILE` takes the text of a file, `NAME=@@…` a text that starts with `@`.

    Raises UsageError.
    """
    found: dict[str, Written] = {}
    for item in given:
        name, sign, text = item.partition("=")
        if not sign or not name:
            raise UsageError(f"--var {item!r} has no value.", hint="Write --var NAME=VALUE.")
        if name in found:
            raise UsageError(f"--var {name} is given twice.", hint="Give each variable once.")
        found[name] = Written(_text(name, text))
    return found


def read_pairs(given: Sequence[str], *, option: str) -> dict[str, str]:
    """Name to text of an option that is given as NAME=VALUE. Raises UsageError."""
    found: dict[str, str] = {}
    for item in given:
        name, sign, text = item.partition("=")
        if not sign or not name.strip():
            raise UsageError(f"{option} {item!r} has no value.", hint=f"Write {option} NAME=VALUE.")
        if name in found:
            raise UsageError(f"{option} {name} is given twice.", hint="Give each name once.")
        found[name.strip()] = text
    return found


def read_json_object(text: str, *, option: str) -> dict[str, Any]:
    """A JSON object. Raises UsageError."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{option} is not JSON: {error}.", hint='Write {"name": "value"}.') from error
    if not isinstance(value, dict):
        raise UsageError(f"{option} is not a JSON object.", hint='Write {"name": "value"}.')
    return value


def _text(name: str, text: str) -> str:
    if not text.startswith("@"):
        return text
    if text.startswith("@@"):
        return text[1:]
    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"--var {name}: file {text[1:]!r} cannot be read as UTF-8 text: {error}",
            hint="A value that starts with '@' is written with two.",
        ) from error
