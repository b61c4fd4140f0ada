"""Front matter: the keys above a prompt's body, and what each may hold."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.errors import ConfigError
from headrace.infer.prompts.base import VAULTS, PromptFeature
from headrace.infer.prompts.types import TYPES, read_type
from headrace.ledger.identity import encode

_FENCE = "---\n"
_NUMBER: tuple[type, ...] = (int, float)
PARAMETERS: Mapping[str, tuple[type, ...]] = {
    "temperature": _NUMBER,
    "top_p": _NUMBER,
    "max_tokens": (int,),
    "seed": (int,),
    "stop": (str, list),
    "presence_penalty": _NUMBER,
    "frequency_penalty": _NUMBER,
}
"""Parameters whose types are known; these may also stand outside `parameters`."""

_KINDS: Mapping[str, tuple[type, ...]] = {
    "description": (str,),
    "model": (str,),
    "fallbacks": (list,),
    "schema": (str,),
    "variables": (dict, list),
    "parameters": (dict,),
    "tools": (list,),
    "features": (list,),
    "profile": (str,),
    "history": (str,),
    "few_shot": (str,),
    "vault": (str, bool),
    "chat_template": (str,),
    "tokenizer": (str,),
}
KEYS = (*_KINDS, *PARAMETERS)
"""Everything that may stand in front matter."""

NOT_PARAMETERS = ("model", "messages", "tools", "stream", "response_format")
"""What a call sets itself."""

_WORDS: Mapping[type, str] = {str: "text", dict: "a table", list: "a list", bool: "off or on"}
_FEATURE_KEYS = "`name`, `as` and `default`"
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What stands above the body, as far as it is right."""

    name: str
    file: str
    body: str
    body_line: int
    """Line of the file on which the body starts."""
    fields: Mapping[str, Any]
    lines: Mapping[str, int]
    """Key to its line."""
    errors: list[ConfigError] = field(default_factory=list)
    """What is wrong, in the order in which it was found."""

    def complain(self, problem: str, *, key: str = "", line: int | None = None, **more: Any) -> None:
        """Note an error at a line, or where a key stands."""
        at = line if line is not None else self.lines.get(key)
        self.errors.append(ConfigError(problem, key=key, file=self.file, line=at, **more))


def read_front(name: str, text: str, *, file: str) -> Front:
    """Split a prompt file and check its keys. Raises ConfigError for front matter that is no YAML table."""
    above, body, body_line = _split(text, file=file)
    given = _load(above, file=file)
    lines = {str(key): _line_of(above, str(key)) for key in given}
    fields: dict[str, Any] = {}
    front = Front(name=name, file=file, body=body, body_line=body_line, fields=fields, lines=lines)
    fields.update({key: value for key, value in given.items() if _is_right(front, key, value)})
    return front


def parameters_of(front: Front) -> dict[str, Any]:
    """`parameters` and those beside it, by name."""
    inside = front.fields.get("parameters", {})
    found: dict[str, Any] = {}
    for name, value in [
        *inside.items(),
        *((key, front.fields[key]) for key in PARAMETERS if key in front.fields),
    ]:
        if name in found:
            front.complain(f"{name!r} stands inside `parameters` and beside it.", key=name)
        elif not isinstance(name, str) or name in NOT_PARAMETERS:
            said = f"{name!r} is not a parameter of a prompt: a call sets it itself."
            front.complain(said, key="parameters")
        elif name in inside and not _fits(value, PARAMETERS.get(name, (object,))):
            front.complain(_wanted(name, PARAMETERS[name], value), key="parameters")
        elif not _is_json(value):
            front.complain(f"parameter {name!r} holds a value that JSON cannot.", key="parameters")
        else:
            found[name] = value
    return dict(sorted(found.items()))


def variables_of(front: Front) -> dict[str, str] | None:
    """Declared variables and their types; None where a file declares none."""
    declared = front.fields.get("variables")
    if declared is None:
        return None
    if isinstance(declared, list):
        declared = dict.fromkeys((item if isinstance(item, str) else repr(item) for item in declared), "any")
    found = {}
    for name, kind in declared.items():
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            said = "'variables' must be a list of names, or a table of names and types"
            front.complain(f"{said}; {name!r} is no name.", key="variables")
            continue
        read = read_type(kind)
        if read is None:
            near = difflib.get_close_matches(str(kind), TYPES, n=1)
            said = f"variable {name!r} has the type {kind!r}; a '?' behind a type makes it optional."
            front.complain(said, key="variables", allowed=TYPES, nearest=near[0] if near else None)
        found[name] = read or "any"
    return found


def texts_of(front: Front, key: str) -> tuple[str, ...]:
    """A list of texts."""
    given = front.fields.get(key, [])
    if not all(isinstance(item, str) and item for item in given):
        front.complain(f"{key!r} must be a list of names.", key=key)
        return ()
    return tuple(given)


def features_of(front: Front) -> tuple[PromptFeature, ...]:
    """Features as `view:column`, or as tables with `name`, and perhaps `as` and `default`."""
    found: dict[str, PromptFeature] = {}
    for item in front.fields.get("features", []):
        feature = _feature(item)
        if feature is None:
            said = f"'features' lists names such as 'account:balance', or tables with {_FEATURE_KEYS}; "
            front.complain(f"{said}{item!r} is neither.", key="features")
        elif feature.variable in found:
            said = (
                f"two features would be the variable {feature.variable!r}: give one another name with `as`."
            )
            front.complain(said, key="features")
        else:
            found[feature.variable] = feature
    return tuple(found.values())


def _feature(item: Any) -> PromptFeature | None:
    given = {"name": item} if isinstance(item, str) else item
    if not isinstance(given, dict) or not {"name"} <= set(given) <= {"name", "as", "default"}:
        return None
    name, default = given["name"], given.get("default")
    if not isinstance(name, str):
        return None
    view, _, column = name.strip().partition(":")
    variable = given.get("as", column or view)
    if (
        not view
        or not isinstance(variable, str)
        or not _VARIABLE.fullmatch(variable)
        or not _is_json(default)
    ):
        return None
    return PromptFeature(
        name=name.strip(), variable=variable, default=default, has_default="default" in given
    )


def history_of(front: Front) -> Any:
    """`messages`, or nothing."""
    given = front.fields.get("history")
    if given not in (None, "messages"):
        front.complain(f"'history' is {given!r}.", key="history", allowed=["messages"])
        return None
    return given


def vault_of(front: Front) -> Any:
    """`off`, `on` or `strict`; YAML reads the first two as truth values."""
    given = front.fields.get("vault", "off")
    given = {True: "on", False: "off"}.get(given, given) if isinstance(given, bool) else given
    if given not in VAULTS:
        front.complain(f"'vault' is {given!r}.", key="vault", allowed=VAULTS)
        return "off"
    return given


def _line_of(above: str, key: str) -> int:
    start = re.compile(rf"""['"]?{re.escape(key)}['"]?[ \t]*:""")
    return next((at for at, row in enumerate(above.split("\n"), start=1) if start.match(row)), 1)


def _is_right(front: Front, key: Any, value: Any) -> bool:
    if key not in KEYS:
        near = difflib.get_close_matches(str(key), KEYS, n=1)
        said = f"unknown key {str(key)!r} in the front matter."
        front.complain(said, key=str(key), allowed=KEYS, nearest=near[0] if near else None)
        return False
    kinds = _KINDS.get(key) or PARAMETERS[key]
    if key in PARAMETERS:
        if not _fits(value, kinds):
            front.complain(_wanted(key, kinds, value), key=key)
            return False
        return True
    if not isinstance(value, kinds) or value == "":
        said = "a list of names, or a table of names and types" if key == "variables" else ""
        wanted = said or " or ".join(_WORDS[kind] for kind in kinds)
        front.complain(f"{key!r} must be {wanted}, not {value!r}.", key=key)
        return False
    return True


def _fits(value: Any, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not (isinstance(value, bool) and object not in kinds)


def _wanted(name: str, kinds: tuple[type, ...], value: Any) -> str:
    return f"{name!r} must be {' or '.join(kind.__name__ for kind in kinds)}, not {value!r}."


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
        encode(value)
    except (TypeError, ValueError):
        return False
    return True


def _split(text: str, *, file: str) -> tuple[str, str, int]:
    """Front matter, body, and the line of the file on which the body starts."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if not text.startswith(_FENCE):
        return "", text, 1
    front, fence, body = text[len(_FENCE) - 1 :].partition("\n" + _FENCE)
    if not fence:
        raise ConfigError("the front matter has no closing line '---'.", file=file, line=1)
    return front, body, front.count("\n") + 3


def _load(front: str, *, file: str) -> dict[Any, Any]:
    import yaml

    try:
        fields = yaml.safe_load(front) or {}
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or "it is not YAML"
        if "but got '?'" in said or "but got '['" in said:
            said += ". Inside {…} a type such as 'int?' or 'list[str]' is written in quotes"
        raise ConfigError(f"front matter: {said}.", file=file, line=mark.line + 1 if mark else 1) from error
    if not isinstance(fields, dict):
        raise ConfigError("the front matter must be a table of keys and values.", file=file, line=1)
    return fields
