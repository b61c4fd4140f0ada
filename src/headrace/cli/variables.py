"""`--var NAME=VALUE`: variables of a prompt on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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
