"""What a JSON Schema allows, apart from the words it says about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.infer.schemas.base import Schema
from headrace.ledger.identity import encode

ANNOTATIONS = frozenset(
    {
        *("$schema", "$id", "$comment", "$anchor", "title", "description", "default", "examples"),
        *("deprecated", "readOnly", "writeOnly", "discriminator"),
    }
)
"""Keywords that decide nothing."""
DEFINITIONS = frozenset({"$defs", "definitions"})
OF_NAMES = frozenset({"properties", "patternProperties", "dependentSchemas", *DEFINITIONS})
"""Keywords whose value has a schema under each name."""
OF_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
"""Keywords whose value is a list of schemas."""
OF_ONE = frozenset(
    {
        *("items", "additionalProperties", "contains", "not", "if", "then", "else", "propertyNames"),
        *("unevaluatedItems", "unevaluatedProperties", "additionalItems", "contentSchema"),
    }
)
"""Keywords whose value is a schema."""
_SETS = frozenset({"required", "enum", "type"})


def same_meaning(one: Schema, other: Schema) -> bool:
    """Whether two schemas differ in titles, descriptions and the like alone."""
    return one.digest == other.digest or equal(bare(one.json_schema), bare(other.json_schema))


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same: 1, 1.0 and true are three of them."""
    return encode(one) == encode(other)


def bare(schema: Any) -> Any:
    """A schema without annotations, its sets in order; `true` is `{}`, `false` is `{"not": {}}`."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    if not isinstance(schema, Mapping):
        return schema
    return {word: _bare(word, value) for word, value in schema.items() if word not in ANNOTATIONS}


def _bare(word: str, value: Any) -> Any:
    if word in OF_NAMES and isinstance(value, Mapping):
        return {name: bare(part) for name, part in value.items()}
    if word in OF_LISTS and isinstance(value, list | tuple):
        return [bare(part) for part in value]
    if word in OF_ONE:
        return [bare(part) for part in value] if isinstance(value, list) else bare(value)
    if word in _SETS and isinstance(value, list | tuple):
        return sorted(value, key=encode)
    return value
