"""Tools that a prompt offers to the model: OpenAI's shape, or the short form of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from headrace.errors import ConfigError
from headrace.infer.schemas.validate import compile_schema

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEYS = ("name", "description", "parameters", "strict")
SHORT_FORM = "{name, description, parameters}"


def read_tool(given: Any) -> dict[str, Any]:
    """One definition in OpenAI's shape. Raises ValueError with what is wrong."""
    function = given
    if isinstance(given, Mapping) and given.get("type") == "function" and set(given) == {"type", "function"}:
        function = given["function"]
    if not isinstance(function, Mapping) or not set(function) <= set(_KEYS):
        raise ValueError(f"a tool is {SHORT_FORM}, alone or inside {{type: function, function: …}}")
    name = function.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"a tool's name is up to 64 letters, digits, '_' and '-', not {name!r}")
    if not isinstance(function.get("description", ""), str):
        raise ValueError(f"the description of tool {name!r} must be text")
    parameters = function.get("parameters", {"type": "object", "properties": {}})
    if not isinstance(parameters, Mapping):
        raise ValueError(f"the parameters of tool {name!r} must be a JSON Schema")
    try:
        json.dumps(parameters, allow_nan=False)
        compile_schema(parameters)
    except (ConfigError, TypeError, ValueError) as error:
        raise ValueError(f"the parameters of tool {name!r}: {str(error).rstrip('.')}") from error
    return {"type": "function", "function": {**function, "parameters": parameters}}
