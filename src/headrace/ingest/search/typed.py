"""What a filter may say about a declared field, and the form its values have in the index."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from headrace.ingest.index.values import fit
from headrace.records.metadata import FieldType, MetadataField, MetadataSchema

ALWAYS = ("document", "revision", "page", "media_type", "title")
"""Fields that filters know without a declaration."""

_EQUAL = ("=", "!=")
_ORDERED = (*_EQUAL, "<", "<=", ">", ">=")


class _Rule(NamedTuple):
    kind: str
    """Kind of token that a value of the type is."""
    operators: tuple[str, ...]
    example: str


_RULES: Mapping[FieldType, _Rule] = {
    "string": _Rule("text", (*_ORDERED, "^="), "'text'"),
    "integer": _Rule("number", _ORDERED, "a number such as 2020"),
    "number": _Rule("number", _ORDERED, "a number such as 0.5"),
    "boolean": _Rule("bool", _EQUAL, "true or false"),
    "date": _Rule("text", (*_ORDERED, "^="), "'2026-03-01'"),
    "datetime": _Rule("text", (*_ORDERED, "^="), "'2026-03-01T09:30:00Z'"),
    "list": _Rule("text", _EQUAL, "'text'"),
}


def check_use(field: MetadataField) -> None:
    """Raises ValueError for a field that no filter may name."""
    if not field.filterable:
        raise ValueError(f"{field.name!r} is declared not filterable")


def check_operator(field: MetadataField, operator: str) -> None:
    """Raises ValueError for a comparison that the type does not know."""
    allowed = _RULES[field.type].operators
    if operator not in allowed:
        listed = " ".join(allowed)
        raise ValueError(f"{field.name!r} is declared {field.type}: allowed are {listed}, `in` and `exists`")


def literal(field: MetadataField, operator: str, kind: str, value: str) -> str:
    """The value as the index holds it. Raises ValueError for one of another type."""
    rule = _RULES[field.type]
    wrong = ValueError(f"{field.name!r} is declared {field.type}: write {rule.example}")
    if kind != rule.kind:
        raise wrong
    if field.type not in ("date", "datetime") or operator == "^=":
        return value
    try:
        return str(fit(value, field.type))
    except ValueError:
        raise wrong from None


def undeclared(fields: Iterable[str], schema: MetadataSchema) -> list[str]:
    """Warnings about fields that a declared schema does not know."""
    if not schema.fields:
        return []
    known = [item.name for item in schema.fields]
    found = []
    for name in dict.fromkeys(fields):
        if name in known or name in ALWAYS:
            continue
        near = difflib.get_close_matches(name, known, n=1)
        meant = f" (did you mean {near[0]!r}?)" if near else ""
        found.append(f"{name!r} is not declared in this corpus{meant}")
    return found


def late(
    fields: Iterable[str], schema: MetadataSchema, lacking: Callable[[], Mapping[str, int]]
) -> list[str]:
    """Warnings about declared fields that chunks still lack; `lacking` is asked only if it matters."""
    declared = [item for name in dict.fromkeys(fields) if (item := schema.get(name)) is not None]
    counts = lacking() if declared else {}
    return [_late(item, counts[item.name]) for item in declared if counts.get(item.name)]


def _late(field: MetadataField, chunks: int) -> str:
    since = f", declared since {field.since.isoformat()}" if field.since else ""
    lack = "chunk was" if chunks == 1 else "chunks were"
    return (
        f"{chunks:,} {lack} indexed before {field.name!r} was declared{since}, and may be missed: "
        f"run `headrace index backfill-metadata {field.name}`"
    )
