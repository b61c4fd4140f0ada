"""From the text a model wrote to a value, and what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from headrace.infer.schemas.base import Problem, Schema
from headrace.infer.schemas.validate import problems

Repair = Literal["syntax", "reask"]
"""How an output was mended: its JSON was, or the model was asked once more."""

_FENCED = re.compile(r"\s*```[\w-]*\s*\n(.*?)\n?\s*```\s*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a text says."""

    value: Any = None
    problems: tuple[Problem, ...] = ()
    """Empty when the value is valid."""
    mended: bool = False
    """Whether its syntax had to be repaired."""


Reader = Callable[[str], Reading]
"""From a whole text, never from one that was cut off, to a value."""


def json_reader(schema: Schema) -> Reader:
    """Reads JSON that a schema describes: as it is, in a code fence, or with its syntax repaired."""

    def read(text: str) -> Reading:
        fenced = _FENCED.fullmatch(text)
        body = fenced.group(1) if fenced else text
        try:
            value, mended = _sound(_strict(body)), False
        except ValueError as error:
            value, mended = _sound(_repaired(body)), True
            if value is None:
                said = f"it is not JSON: {error}"
                return Reading(problems=(Problem(path="", message=said),))
        return Reading(value=value, problems=tuple(problems(schema, value)), mended=mended)

    return read


def text_reader(check: Callable[[str], str] = lambda _: "") -> Reader:
    """Reads the text itself; `check` says what is wrong with one that is not empty."""

    def read(text: str) -> Reading:
        value = str(_sound(text.strip()))
        wrong = check(value) if value else "it is empty"
        return Reading(value=value, problems=(Problem(path="", message=wrong),) if wrong else ())

    return read


def _strict(text: str) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def _repaired(text: str) -> Any:
    """An object or a list out of broken JSON; None where there is none in it."""
    if "{" not in text and "[" not in text:
        return None
    import json_repair

    value = json_repair.loads(text)
    if not isinstance(value, dict | list) or not value:
        return None
    try:
        # What it made must be JSON again, without infinities.
        return _strict(json.dumps(value))
    except ValueError:
        return None


def _sound(value: Any) -> Any:
    """The value with U+FFFD for NUL and for halves of characters, which no store takes."""
    if isinstance(value, str):
        whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return whole.replace("\x00", "\ufffd")
    if isinstance(value, dict):
        return {_sound(key): _sound(item) for key, item in value.items()}
    return [_sound(item) for item in value] if isinstance(value, list) else value
