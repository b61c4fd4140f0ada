"""Reads tables of headrace.toml into config classes; a complaint names key, file, line and choices."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from headrace.config.toml_lines import KeyPath
from headrace.errors import ConfigError

Config = TypeVar("Config")

_KINDS: Mapping[type, str] = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
_FOUND: Mapping[type, str] = {
    **_KINDS,
    float: "a number with a fraction",
    list: "a list",
    dict: "a table",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of headrace.toml that knows where it stands.

    It never shows a text it complains about: that could be a secret.
    """

    values: Mapping[str, Any]
    path: KeyPath
    """Keys from the root of the file down to this table."""
    file: str
    lines: Mapping[KeyPath, int]
    """1-based line of every key path of the file."""

    def error(
        self, problem: str, *keys: str | int, allowed: Sequence[str] = (), nearest: str | None = None
    ) -> ConfigError:
        """A complaint about the value at `keys` below this table, or about the table itself."""
        path = (*self.path, *keys)
        return ConfigError(
            f"`{dotted(path)}` {problem}" if path else problem,
            key=dotted(path),
            file=self.file,
            line=self.line(*keys),
            allowed=allowed,
            nearest=nearest,
        )

    def line(self, *keys: str | int) -> int:
        """The line of a value, or of the closest table around it that stands in the file."""
        path = (*self.path, *keys)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def refuse_unknown(self, allowed: Iterable[str]) -> None:
        """Raise ConfigError for the first key that is not allowed."""
        names = sorted(allowed)
        for key in self.values:
            if key not in names:
                raise self.error("is not a known key.", key, allowed=names, nearest=nearest(key, names))

    def child(self, key: str) -> Table:
        """The table under `key`; an empty one when it is absent."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.error(f"must be a table, not {kind_of(value)}.", key)
        return Table(values=value, path=(*self.path, key), file=self.file, lines=self.lines)

    def children(self, key: str) -> dict[str, Table]:
        """The tables under `key` by name, in the order of the file."""
        parent = self.child(key)
        return {name: parent.child(name) for name in parent.values}

    def read(self, key: str, kind: Any) -> Any:
        """The value of `key` as a str, int, float, bool, Literal, tuple of texts, or one of them or None."""
        value = self.values[key]
        united = typing.get_origin(kind) in (types.UnionType, typing.Union)
        options = typing.get_args(kind) if united else (kind,)
        for option in options:
            if option is float and type(value) in (int, float):
                return float(value)
            if option in _KINDS and type(value) is option:
                return value
            if typing.get_origin(option) is tuple:
                return self.texts(key)
            if typing.get_origin(option) is typing.Literal:
                return self.choice(key, typing.get_args(option))
        wanted = " or ".join(_KINDS[option] for option in options if option in _KINDS)
        raise self.error(f"must be {wanted}, not {kind_of(value)}.", key)

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        """One of a closed set of texts."""
        value = self.values[key]
        if value not in allowed:
            close = nearest(value, allowed) if isinstance(value, str) else None
            raise self.error(f"is {value!r}, which is not a choice.", key, allowed=allowed, nearest=close)
        return str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; a single text counts as a list of one."""
        value = self.values[key]
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list):
            raise self.error(f"must be a list of texts, not {kind_of(value)}.", key)
        for index, item in enumerate(items):
            if not isinstance(item, str) or not item.strip():
                found = "an empty text" if isinstance(item, str) else kind_of(item)
                raise self.error(f"must be a text, not {found}.", key, index)
        return tuple(items)

    def fill(self, config: type[Config], *, given: Mapping[str, Any]) -> Config:
        """Build a config class whose fields are the keys of this table, except those already `given`.

        Field metadata `minimum` and `maximum` bound numbers. Raises ConfigError.
        """
        fields = {item.name: item for item in dataclasses.fields(config) if item.name not in given}  # type: ignore[arg-type]
        self.refuse_unknown(fields)
        kinds = typing.get_type_hints(config)
        values = dict(given)
        for name, item in fields.items():
            if name in self.values:
                values[name] = self.read(name, kinds[name])
                self._check_bounds(name, values[name], item.metadata)
            elif item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING:
                raise self.error(f"needs the key `{name}`.")
        try:
            return config(**values)
        except ConfigError as error:
            key = str(error.details.get("key", "")).rpartition(".")[2]
            raise self.error(f"is wrong: {error.message}", *([key] if key in fields else [])) from error
        except ValueError as error:
            raise self.error(f"is wrong: {error}") from error

    def _check_bounds(self, key: str, value: Any, bounds: Mapping[str, Any]) -> None:
        low, high = bounds.get("minimum"), bounds.get("maximum")
        if not isinstance(value, int | float) or isinstance(value, bool):
            return
        if (low is not None and value < low) or (high is not None and value > high):
            allowed = f"{low} to {high}" if high is not None else f"{low} or more"
            raise self.error(f"is out of range: {value}.", key, allowed=[allowed])


class Named(Protocol):
    """What a table of `[[corpus.NAME.KEY]]` declares."""

    @property
    def name(self) -> str: ...


Spec = TypeVar("Spec", bound=Named)


def named_tables(
    parent: Table, key: str, read: Callable[[Table], Spec], *, noun: str, called: str = ""
) -> tuple[Spec, ...]:
    """Read each table of `[[PARENT.KEY]]`, in the order of the file, each with its own name.

    `noun` says what a table declares, `called` stands before a name that is there twice. Raises ConfigError.
    """
    given = parent.values.get(key, [])
    if not isinstance(given, list):
        written = f"[[{'.'.join(map(str, parent.path))}.{key}]]"
        raise parent.error(
            f"must be written as {written}, a table for each {noun}, not {kind_of(given)}.", key
        )
    specs: list[Spec] = []
    for index, entry in enumerate(given):
        if not isinstance(entry, dict):
            raise parent.error(f"must be a table, not {kind_of(entry)}.", key, index)
        path = (*parent.path, key, index)
        table = Table(values=entry, path=path, file=parent.file, lines=parent.lines)
        spec = read(table)
        if any(spec.name == other.name for other in specs):
            raise table.error(f"declares {called}{spec.name!r} twice in this corpus.", "name")
        specs.append(spec)
    return tuple(specs)


def dotted(path: KeyPath) -> str:
    """A key path as TOML writes it, with positions as `[0]` and odd keys quoted."""
    shown = ""
    for key in path:
        if isinstance(key, int):
            shown += f"[{key}]"
            continue
        bare = key.replace("-", "").replace("_", "").isalnum() and key.isascii()
        shown += ("." if shown else "") + (key if bare else f'"{key}"')
    return shown


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name a misspelt one most likely means."""
    found = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def kind_of(value: Any) -> str:
    """What a TOML value is, in words."""
    return _FOUND.get(type(value), "a date or time")
