"""Reads one source's table of the configuration into its dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from difflib import get_close_matches
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from headrace.errors import ConfigError

Options = TypeVar("Options")

_EXPECTED = {int: "a whole number", float: "a number", bool: "true or false", str: "a string"}


def read_options(kind: type[Options], table: Mapping[str, object], *, where: str) -> Options:
    """Check keys, types and ranges of a table and make the dataclass of it.

    `where` names the table in messages. Raises ConfigError with the key, what is allowed and the nearest.
    """
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise unknown(f"{where}: unknown key {key!r}.", key, allowed=["type", *known])
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for name, item in known.items():
        if name in table:
            values[name] = _value(table[name], item, hints[name], where=where)
        elif item.default is MISSING:
            raise ConfigError(f"{where}: key {name!r} is missing.", key=name, allowed=["type", *known])
    return kind(**values)


def unknown(problem: str, value: str, *, allowed: list[str]) -> ConfigError:
    """A ConfigError that names what is allowed and what was probably meant."""
    nearest = get_close_matches(value, allowed, n=1, cutoff=0.5)
    return ConfigError(problem, key=value, allowed=allowed, nearest=nearest[0] if nearest else None)


def _value(value: object, item: Field[Any], hint: Any, *, where: str) -> object:
    if isinstance(hint, UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is Literal:
        allowed = list(get_args(hint))
        if value not in allowed:
            raise unknown(f"{where}: {item.name} = {value!r} is not known.", str(value), allowed=allowed)
        return value
    if get_origin(hint) is tuple:
        return _strings(value, item.name, where=where)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise ConfigError(f"{where}: {item.name} = {value!r} must be {_EXPECTED[hint]}.", key=item.name)
    if value == "":
        raise ConfigError(f"{where}: {item.name} must not be empty.", key=item.name)
    least = item.metadata.get("least")
    # Written so that NaN fails too.
    if least is not None and isinstance(value, int | float) and not value >= least:
        raise ConfigError(f"{where}: {item.name} = {value!r} must be at least {least}.", key=item.name)
    return value


def _strings(value: object, name: str, *, where: str) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not all(isinstance(part, str) and part for part in listed):
        raise ConfigError(f"{where}: {name} = {value!r} must be a string or a list of strings.", key=name)
    return tuple(listed)
