"""The alternatives that a JSON Schema allows, with references into the same file followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.infer.schemas.meaning import DEFINITIONS, equal

Found = dict[str, Any]
"""A schema that is an object."""

_WORDS = {
    "null": "null",
    "string": "text",
    "object": "an object",
    "array": "a list",
    "boolean": "true or false",
}
_ANY = "anything"


def branches(schema: Any, root: Mapping[str, Any]) -> list[Found]:
    """The alternatives of a schema: those of `anyOf` and `oneOf`, and one for each of several types."""
    found = resolve(schema, root)
    for word in ("anyOf", "oneOf"):
        if word in found and not (set(found) - {word} - DEFINITIONS):
            return [branch for part in found[word] for branch in branches(part, root)]
    kinds = found.get("type")
    if isinstance(kinds, list):
        return [{**found, "type": kind} for kind in kinds]
    return [{word: value for word, value in found.items() if word not in DEFINITIONS}]


def resolve(schema: Any, root: Mapping[str, Any]) -> Found:
    """A schema with its reference into the same file followed; any other reference stays."""
    seen: set[str] = set()
    found = dict(schema) if isinstance(schema, Mapping) else {}
    while isinstance(ref := found.get("$ref"), str) and ref not in seen:
        seen.add(ref)
        target = _target(root, ref)
        if target is None:
            break
        found = {**target, **{word: value for word, value in found.items() if word != "$ref"}}
    if len(found.get("allOf", ())) == 1 and set(found) - DEFINITIONS == {"allOf"}:
        return resolve(found["allOf"][0], root)
    return found


def exclusive(found: list[Found]) -> bool:
    """Whether no value can fit two of these: by their types, or by a key that tells them apart."""
    return all(_apart(one, other) for place, one in enumerate(found) for other in found[place + 1 :])


def words(schema: Mapping[str, Any]) -> str:
    """What a schema takes, in a word or two."""
    if "const" in schema or "enum" in schema:
        return "one of a list"
    kind = schema.get("type")
    if (
        kind == "array"
        and isinstance(schema.get("items"), Mapping)
        and schema["items"].get("type") == "object"
    ):
        return "a list of objects"
    return _WORDS.get(kind, f"{kind}") if isinstance(kind, str) else _ANY


def enumerated(schema: Found) -> list[Any] | None:
    """The values of `enum` or `const`; None where any value is allowed."""
    if "const" in schema:
        return [schema["const"]]
    found = schema.get("enum")
    return list(found) if isinstance(found, list | tuple) else None


def pointer(name: str) -> str:
    """A key as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _apart(one: Found, other: Found) -> bool:
    kinds = one.get("type"), other.get("type")
    if None not in kinds and kinds[0] != kinds[1] and set(kinds) != {"integer", "number"}:
        return True
    if kinds != ("object", "object"):
        return False
    for name in set(one.get("required", ())) & set(other.get("required", ())):
        sides = [enumerated(side.get("properties", {}).get(name, {})) for side in (one, other)]
        if all(sides) and not any(equal(a, b) for a in sides[0] or () for b in sides[1] or ()):
            return True
    return False


def _target(root: Mapping[str, Any], ref: str) -> Found | None:
    if not ref.startswith("#"):
        return None
    found: Any = root
    for part in filter(None, ref[1:].split("/")):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return dict(found) if isinstance(found, Mapping) else None
