"""The types of variables, from `str` to `any`; one with a `?` behind it may be left out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


class Written(str):
    """A value as it was written on a command line, to be read by the type that the prompt declares."""

    __slots__ = ()


TYPES = ("str", "int", "float", "bool", "list", "list[str]", "dict", "any")
"""What may be declared, each also with `?` behind it."""

_JSON_SCHEMA: Mapping[str, str] = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
}
_TRUTHS: Mapping[str, bool] = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_type(text: object) -> str | None:
    """The type that a declaration names, the words of JSON Schema included; None where it names none."""
    if not isinstance(text, str):
        return None
    kind, mark = text.removesuffix("?"), "?" if text.endswith("?") else ""
    kind = _JSON_SCHEMA.get(kind, kind)
    return f"{kind}{mark}" if kind in TYPES else None


def is_optional(declared: str) -> bool:
    """Whether a variable of this type may be missing or None."""
    return declared.endswith("?")


def fits(value: Any, declared: str) -> bool:
    """Whether a value is of a type. A whole number is a float as well; a bool is no number."""
    kind = declared.removesuffix("?")
    if value is None:
        return is_optional(declared) or kind == "any"
    match kind:
        case "str":
            return isinstance(value, str)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "bool":
            return isinstance(value, bool)
        case "dict":
            return isinstance(value, Mapping)
        case "list" | "list[str]":
            if not isinstance(value, Sequence) or isinstance(value, str | bytes | bytearray):
                return False
            return kind == "list" or all(isinstance(item, str) for item in value)
        case _:
            return True


def name_of(value: Any) -> str:
    """The type of a value in the words of a declaration, for messages: never the value itself."""
    if value is None:
        return "null"
    if isinstance(value, list | tuple):
        kinds = sorted({name_of(item) for item in value})
        return f"list of {' and '.join(kinds)}" if kinds else "empty list"
    known = {str: "str", bool: "bool", int: "int", float: "float", dict: "dict"}
    return known.get(type(value), type(value).__name__)


def from_text(text: str, declared: str) -> Any:
    """A value from a command line: by its type; for `any` JSON where it is some, else the text itself.

    Raises ValueError for text that is not of the type.
    """
    kind = declared.removesuffix("?")
    if kind == "str":
        return text
    if kind == "bool":
        value: Any = _TRUTHS.get(text.strip().lower())
        if value is None:
            raise ValueError("write true or false")
        return value
    try:
        value = json.loads(text)
    except ValueError:
        if kind == "any":
            return text
        if kind != "list[str]":
            said = "write it as JSON" if kind in ("list", "dict") else "write a number"
            raise ValueError(said) from None
        value = text.split(",") if text else []
    if not fits(value, declared):
        raise ValueError(f"that is {name_of(value)}")
    return value
