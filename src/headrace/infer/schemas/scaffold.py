"""Writes the first draft of a migration from what changed; what nobody can guess is left open."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headrace.infer.schemas.base import Schema
from headrace.infer.schemas.branches import branches, pointer
from headrace.infer.schemas.difference import Change, compare

_NEAR = 0.6
_ONE_LINE = 100
_UNDECIDED = '''

def undecided(question):
    """Where someone has to decide: replace each call, then delete this function."""
    raise NotImplementedError(question)
'''


def scaffold(old: Schema, new: Schema) -> str:
    """The text of a migration file between two versions of one schema."""
    changes = compare(old.json_schema, new.json_schema)
    back = compare(new.json_schema, old.json_schema)
    before, after = _objects(old.json_schema), _objects(new.json_schema)
    renames = guess_renames(before, after) if before and after else {}
    returns = {there: here for here, there in renames.items()}
    of_old, of_new = f"version {old.version}", f"version {new.version}"
    up = _Draft(changes=changes, before=before, after=after, renames=renames, of=of_old).lines()
    down = _Draft(changes=back, before=after, after=before, renames=returns, of=of_new).lines()
    lines = [
        f'"""From version {old.version} of {old.name!r} to version {new.version}, and back.',
        "",
        *_listed(changes),
        "",
        "Pure functions: they leave what they are given as it is, and equal values give equal results.",
        '"""',
        "",
        "",
        "def upgrade(value):",
        *_function(up),
        "",
        "",
        "# Without this function, readers of the old version cannot be served any more.",
        "def downgrade(value):",
        *_function(down),
    ]
    text = "\n".join(lines) + "\n"
    return text + _UNDECIDED if "undecided(" in text else text


def guess_renames(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """Fields that went, and the new field that each most likely became."""
    old, new = before["properties"], after["properties"]
    gone = [name for name in old if name not in new]
    come = [name for name in new if name not in old]
    found: dict[str, str] = {}
    for name in gone:
        scores = {other: _score(name, other, old[name], new[other]) for other in come}
        best = max(scores, key=scores.__getitem__, default=None)
        if best is not None and (scores[best] >= _NEAR or (len(gone) == len(come) == 1)):
            found[name] = best
            come.remove(best)
    return found


def _score(name: str, other: str, old: Any, new: Any) -> float:
    alike = difflib.SequenceMatcher(None, name.lower(), other.lower()).ratio()
    return alike + (0.2 if old.get("type") == new.get("type") else 0.0) - 0.1


def _objects(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The top of a schema where it is one object: its fields, and which of them must be there."""
    tops = branches(schema, schema)
    if len(tops) != 1 or tops[0].get("type") != "object":
        return {}
    inner = {name: _first(part, schema) for name, part in tops[0].get("properties", {}).items()}
    return {"properties": inner, "required": tops[0].get("required", []), "root": schema}


def _first(schema: Any, root: Mapping[str, Any]) -> dict[str, Any]:
    found = branches(schema, root) if isinstance(schema, Mapping) else []
    nullable = any(branch.get("type") == "null" for branch in found)
    real = [branch for branch in found if branch.get("type") != "null"] or [{}]
    default = {"default": schema["default"]} if isinstance(schema, Mapping) and "default" in schema else {}
    return {**real[0], **default, "nullable": nullable}


def _listed(changes: list[Change]) -> list[str]:
    return [_cut(f"- {_where(item.path)}: {item.reason}") for item in changes] or ["Nothing else changed."]


def _function(body: list[str]) -> list[str]:
    if not body:
        return ["    return value"]
    return ["    result = dict(value)", *(f"    {line}" for line in body), "    return result"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """One direction of a migration."""

    changes: list[Change]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    renames: Mapping[str, str]
    of: str
    """The version that values come from, in words."""

    def lines(self) -> list[str]:
        """What is done to `result`."""
        if self.before and self.after:
            return [*self._renamed(), *self._dropped(), *self._needed(), *self._changed()]
        if any(change.breaking for change in self.changes):
            return [f"undecided({_quoted(f'how is {self.of} to be told?')})"]
        return []

    def _renamed(self) -> Iterator[str]:
        for name, other in self.renames.items():
            told = self._told(f"result.pop({_quoted(name)})", name, other)
            yield f"if {_quoted(name)} in result:  # taken for the same as {_quoted(other)}"
            yield f"    result[{_quoted(other)}] = {told}"

    def _dropped(self) -> Iterator[str]:
        for name in self.before["properties"]:
            if name not in self.after["properties"] and name not in self.renames:
                yield f"result.pop({_quoted(name)}, None)"

    def _needed(self) -> Iterator[str]:
        for name in self.after["required"]:
            if name not in self.before["required"] and name not in self.renames.values():
                value = self._value(self.after["properties"].get(name, {}), f"/{pointer(name)}")
                yield f"if {_quoted(name)} not in result:"
                yield f"    result[{_quoted(name)}] = {value}"

    def _changed(self) -> Iterator[str]:
        both = set(self.before["properties"]) & set(self.after["properties"])
        for change in self.changes:
            part, _, deeper = change.path[1:].partition("/")
            key = part.replace("~1", "/").replace("~0", "~")
            if not change.breaking or key not in both or (change.kind == "required" and not deeper):
                continue
            if change.kind == "type" and not deeper:
                told = self._told(f"result[{_quoted(key)}]", key, key)
                yield f"if {_quoted(key)} in result:"
                yield f"    result[{_quoted(key)}] = {told}"
            else:
                yield f"undecided({_quoted(f'{change.path}: {change.reason}')})"

    def _told(self, value: str, name: str, other: str) -> str:
        """An expression for a value of one field as one of another."""
        old, new = self.before["properties"][name], self.after["properties"][other]
        kinds = old.get("type"), new.get("type")
        if kinds[0] == kinds[1] or kinds == ("integer", "number") or kinds[1] is None:
            return value
        told = None
        if kinds[1] == "array":
            told = self._as_list(value, kinds[0], new, other)
        elif kinds == ("array", "string"):
            told = self._as_text(value, old)
        elif kinds[1] == "string" and kinds[0] in ("integer", "number"):
            told = f"str({value})"
        return told or f"undecided({_quoted(f'/{pointer(other)}: {kinds[0]} became {kinds[1]}')})"

    def _as_list(self, value: str, kind: Any, new: Mapping[str, Any], name: str) -> str | None:
        root = self.after["root"]
        item = _first(new.get("items", {}), root)
        if item.get("type") in (kind, None):
            return f"[{value}]"
        inner = _holder(item, kind, root)
        if inner is None:
            return None
        parts = [f"{_quoted(inner)}: {value}"]
        for key in item.get("required", ()):
            if key != inner:
                part = _first(item["properties"].get(key, {}), root)
                told = self._value(part, f"/{pointer(name)}/0/{pointer(key)}")
                parts.append(f"{_quoted(key)}: {told}")
        return f"[{{{', '.join(parts)}}}]"

    def _as_text(self, value: str, old: Mapping[str, Any]) -> str | None:
        root = self.before["root"]
        item = _first(old.get("items", {}), root)
        if item.get("type") == "string":
            return f'"; ".join({value})'
        inner = _holder(item, "string", root)
        return inner and f'"; ".join(item[{_quoted(inner)}] for item in {value})'

    def _value(self, schema: Mapping[str, Any], path: str) -> str:
        if "default" in schema:
            default = schema["default"]
            return _quoted(default) if isinstance(default, str) else repr(default)
        return f"undecided({_quoted(f'{path}: what do values of {self.of} get?')})"


def _holder(item: Mapping[str, Any], kind: Any, root: Mapping[str, Any]) -> str | None:
    """The field of an object that can take a value of a type: one that must be there first."""
    if item.get("type") != "object":
        return None
    declared = item.get("properties", {})
    names = sorted(declared, key=lambda name: name not in item.get("required", ()))
    return next((name for name in names if _first(declared[name], root).get("type") == kind), None)


def _where(path: str) -> str:
    return path or "the value as a whole"


def _cut(line: str) -> str:
    line = line.replace("\\", "\\\\").replace('"""', "'''")
    return line if len(line) <= _ONE_LINE else line[: _ONE_LINE - 1] + "…"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
