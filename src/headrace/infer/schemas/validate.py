"""Check values against a schema: offline, in time linear in the length of a text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from headrace.errors import ConfigError
from headrace.infer.schemas.base import Problem, Schema

MOST_PROBLEMS = 20
_LONGEST_MESSAGE = 300
_NO_JSON = "it cannot be checked: it is nested too deeply, or holds a key or a value that JSON has not"


def problems(schema: Schema, value: Any) -> list[Problem]:
    """What is wrong with a value, in the order of its paths, at most 20; empty when it is valid."""
    return _problems(_compiled(schema.digest, _Held(schema.json_schema)), value)


def masked_problems(schema: Schema, value: Any) -> list[str]:
    """The same as texts in which no part of the value stands, for what may be personal."""
    found = _problems(_masked(schema.digest, _Held(schema.json_schema)), value)
    return [f"{problem.path or 'it'}: {problem.message}" for problem in found]


def _problems(validator: Any, value: Any) -> list[Problem]:
    try:
        if validator.is_valid(value):
            return []
        found = [
            Problem(path=_pointer(error.instance_path), message=_short(error.message))
            for error in islice(validator.iter_errors(value), MOST_PROBLEMS)
        ]
    except (ValueError, RecursionError):
        return [Problem(path="", message=_NO_JSON)]
    return sorted(found, key=lambda problem: problem.path)


def compile_schema(json_schema: Mapping[str, Any], *, mask: str | None = None) -> Any:
    """A validator. Raises ConfigError for what is no JSON Schema, or reaches for another address."""
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(
            dict(json_schema), offline=True, mask=mask, pattern_options=jsonschema_rs.RegexOptions()
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        said = str(error).strip().partition("\n")[0]
        raise ConfigError(f"it is no JSON Schema that can be used: {said}.") from error


class _Held:
    """A schema beside its digest: the digest alone decides which compiled one is found."""

    def __init__(self, json_schema: Mapping[str, Any]) -> None:
        self.json_schema = json_schema

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=512)
def _compiled(digest: str, held: _Held) -> Any:
    return compile_schema(held.json_schema)


@lru_cache(maxsize=512)
def _masked(digest: str, held: _Held) -> Any:
    return compile_schema(held.json_schema, mask="the value")


def _pointer(path: list[str | int]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _short(message: str) -> str:
    return message if len(message) <= _LONGEST_MESSAGE else message[:_LONGEST_MESSAGE] + "…"
