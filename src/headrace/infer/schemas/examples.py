"""Makes values that are valid by a schema, where nobody gave a sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.infer.schemas.base import Schema
from headrace.infer.schemas.branches import branches
from headrace.infer.schemas.validate import problems

_DEEPEST = 8
_TEXT = "text"


def examples(schema: Schema) -> list[Any]:
    """One value with all fields and one with those that must be there, as far as they came out valid."""
    made = [_make(schema.json_schema, schema.json_schema, full, 0) for full in (True, False)]
    distinct = made[:1] if repr(made[0]) == repr(made[1]) else made
    return [value for value in distinct if not problems(schema, value)]


def _make(schema: Any, root: Mapping[str, Any], full: bool, depth: int) -> Any:
    found = branches(schema, root) if isinstance(schema, Mapping) else []
    branch = found[0] if found else {}
    if "const" in branch:
        return branch["const"]
    for word in ("enum", "examples"):
        if branch.get(word):
            return branch[word][0]
    if depth > _DEEPEST:
        return None
    kind = branch.get("type") or ("object" if "properties" in branch else "string")
    if kind == "object":
        return _object(branch, root, full, depth)
    if kind == "array":
        count = max(branch.get("minItems", 0), int(full and branch.get("maxItems", 1) > 0))
        return [_make(branch.get("items", {}), root, full, depth + 1) for _ in range(count)]
    return {"integer": _number(branch), "number": _number(branch), "boolean": True, "null": None}.get(
        kind, _text(branch)
    )


def _object(branch: Mapping[str, Any], root: Mapping[str, Any], full: bool, depth: int) -> dict[str, Any]:
    declared, needed = branch.get("properties", {}), branch.get("required", ())
    names = [*declared, *(name for name in needed if name not in declared)] if full else needed
    return {
        name: _make(declared.get(name, {}), root, full, depth + 1)
        for name in names
        if name in needed or depth < _DEEPEST // 2
    }


def _number(branch: Mapping[str, Any]) -> float | int:
    step = branch.get("multipleOf", 1)
    low = branch.get("minimum", branch.get("exclusiveMinimum"))
    high = branch.get("maximum", branch.get("exclusiveMaximum"))
    value: float | int = 0 if low is None else low
    if high is not None and value > high:
        value = high
    if "exclusiveMinimum" in branch or value == branch.get("exclusiveMaximum"):
        value += step if "exclusiveMinimum" in branch else -step
    return value


def _text(branch: Mapping[str, Any]) -> str:
    text: str = _TEXT * (1 + branch.get("minLength", 0) // len(_TEXT))
    return text[: branch.get("maxLength", len(text))]
