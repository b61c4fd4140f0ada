"""A value as an older version of its schema would have it: without what that version does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.infer.schemas.branches import branches

_TYPES: Mapping[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}


def project(value: Any, json_schema: Mapping[str, Any]) -> Any:
    """A copy of a value without the keys that a schema forbids; whether it is valid is for others to say."""
    return _project(value, json_schema, json_schema)


def _project(value: Any, schema: Any, root: Mapping[str, Any]) -> Any:
    found = _fitting(value, schema, root)
    if isinstance(value, list):
        return [_project(item, found.get("items", {}), root) for item in value]
    if not isinstance(value, dict):
        return value
    declared, rest = found.get("properties", {}), found.get("additionalProperties", {})
    closed = rest is False and not found.get("patternProperties")
    return {
        key: _project(item, declared.get(key, rest if isinstance(rest, Mapping) else {}), root)
        for key, item in value.items()
        if key in declared or not closed
    }


def _fitting(value: Any, schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    found = branches(schema, root) if isinstance(schema, Mapping) else []
    return next((branch for branch in found if _is(value, branch)), {})


def _is(value: Any, branch: Mapping[str, Any]) -> bool:
    kinds = _TYPES.get(str(branch.get("type")))
    return kinds is None or (isinstance(value, kinds) and isinstance(value, bool) <= (bool in kinds))
