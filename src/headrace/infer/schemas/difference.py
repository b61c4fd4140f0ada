"""What changed between two JSON Schemas, and whether values of the old one are still valid in the new one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from headrace.infer.schemas.bounds import compare_bounds
from headrace.infer.schemas.branches import Found, branches, enumerated, exclusive, pointer, resolve, words
from headrace.infer.schemas.meaning import DEFINITIONS, bare, equal

Kind = Literal["added", "removed", "required", "optional", "narrowed", "widened", "type", "changed"]

COMPARED = frozenset(
    {
        *("type", "enum", "const", "properties", "required", "additionalProperties", "items", "prefixItems"),
        *("anyOf", "oneOf", "$ref", *DEFINITIONS),
    }
)
NOTHING: Found = {"not": {}}
_FOLLOWED = frozenset({"properties", "items", "additionalProperties", "$ref", *DEFINITIONS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change at one place."""

    path: str
    """JSON pointer into values; `*` is every item or every other key; empty is the value as a whole."""
    kind: Kind
    breaking: bool
    """Whether values of the old version may be invalid, or lose their meaning, in the new one."""
    reason: str


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Every change, by path. A change that cannot be judged counts as breaking."""
    comparison = _Comparison(bare(old), bare(new))
    comparison.compare(comparison.old, comparison.new, "")
    return sorted(dict.fromkeys(comparison.changes), key=lambda change: (change.path, change.kind))


def breaking(changes: list[Change]) -> list[Change]:
    """Those that need a migration."""
    return [change for change in changes if change.breaking]


class _Comparison:
    def __init__(self, old: Found, new: Found) -> None:
        self.old, self.new = old, new
        self.changes: list[Change] = []
        self._open: list[list[Any]] = []

    def compare(self, old: Any, new: Any, path: str) -> None:
        if equal(old, new) and equal(_definitions(self.old), _definitions(self.new)):
            return
        if any(equal([old, new], pair) for pair in self._open):
            return  # a schema that contains itself: this pair is being compared already
        self._open.append([old, new])
        old_branches, new_branches = branches(old, self.old), branches(new, self.new)
        if len(old_branches) == len(new_branches) == 1:
            self._one(old_branches[0], new_branches[0], path)
        else:
            self._several(old_branches, new_branches, path)
            if "oneOf" in resolve(new, self.new) and not exclusive(new_branches):
                self.say(path, "changed", breaks=True, reason="values may fit several of its `oneOf` now")
        self._open.pop()

    def _words(self, schema: Any) -> str:
        return " or ".join(dict.fromkeys(words(branch) for branch in branches(schema, self.new)))

    def say(self, path: str, kind: Kind, *, breaks: bool, reason: str) -> None:
        self.changes.append(Change(path=path, kind=kind, breaking=breaks, reason=reason))

    def _several(self, old: list[Found], new: list[Found], path: str) -> None:
        unused = list(range(len(new)))
        for branch in old:
            trials = [(place, self._trial(branch, other, path)) for place, other in enumerate(new)]
            place, best = min(trials, key=lambda trial: (len(breaking(trial[1])), len(trial[1])))
            if breaking(best) and not _alike(branch, new[place]):
                self.say(path, "narrowed", breaks=True, reason=f"{words(branch)} is not allowed any more")
                continue
            self.changes += best
            unused = [other for other in unused if other != place]
        for place in unused:
            self.say(path, "widened", breaks=False, reason=f"{words(new[place])} is allowed too")

    def _trial(self, old: Found, new: Found, path: str) -> list[Change]:
        before, self.changes = self.changes, []
        self._one(old, new, path)
        found, self.changes = self.changes, before
        return found

    def _one(self, old: Found, new: Found, path: str) -> None:
        if not self._types(old, new, path):
            return
        self._choices(old, new, path)
        if "object" in (old.get("type", "object"), new.get("type")):
            self._objects(old, new, path)
        if "array" in (old.get("type", "array"), new.get("type")):
            self._lists(old, new, path)
        for change in compare_bounds(old, new, COMPARED):
            kind: Kind = "narrowed" if change.breaking else "widened"
            self.say(path, kind, breaks=change.breaking, reason=change.reason)
        self._combined(old, new, path)

    def _combined(self, old: Found, new: Found, path: str) -> None:
        for word in ("anyOf", "oneOf", "$ref"):
            if word in new and not equal(old.get(word), new[word]):
                self.say(path, "changed", breaks=True, reason=f"`{word}` changed, which is not compared")
        inside = {word: value for word, value in new.items() if word not in _FOLLOWED}
        if "$ref" in str(inside) and not equal(_definitions(self.old), _definitions(self.new)):
            self.say(path, "changed", breaks=True, reason="what it refers to may have changed")

    def _types(self, old: Found, new: Found, path: str) -> bool:
        before, after = old.get("type"), new.get("type")
        if before == after:
            return True
        if after is None or (before, after) == ("integer", "number"):
            self.say(path, "widened", breaks=False, reason=f"{words(new)} is allowed now")
            return True
        reason = f"{words(old)} became {words(new)}"
        self.say(path, "narrowed" if before is None else "type", breaks=True, reason=reason)
        return False

    def _choices(self, old: Found, new: Found, path: str) -> None:
        before, after = enumerated(old), enumerated(new)
        if after is None:
            if before is not None:
                self.say(
                    path, "widened", breaks=False, reason="any value is allowed, not only those of a list"
                )
            return
        gone = [value for value in before or [] if not any(equal(value, other) for other in after)]
        more = [value for value in after if before and not any(equal(value, other) for other in before)]
        if before is None:
            self.say(path, "narrowed", breaks=True, reason="only values of a list are allowed")
        if gone:
            self.say(path, "narrowed", breaks=True, reason=f"no longer allowed: {_shown(gone)}")
        if more:
            self.say(path, "widened", breaks=False, reason=f"allowed too: {_shown(more)}")

    def _objects(self, old: Found, new: Found, path: str) -> None:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        rest_before, rest = old.get("additionalProperties", {}), new.get("additionalProperties", {})
        for name in sorted({*before, *after, *needed, *needs}):
            place = f"{path}/{pointer(name)}"
            if name in needs - needed:
                self.say(place, "required", breaks=True, reason="it must be there now")
            if name in needed - needs and name in after:
                self.say(place, "optional", breaks=False, reason="it may be missing now")
            if name in before and name in after:
                self.compare(before[name], after[name], place)
            elif name in after and name not in needs:
                self.say(place, "added", breaks=False, reason=f"{self._words(after[name])}, may be missing")
                if rest_before not in ({}, NOTHING):
                    self.compare(rest_before, after[name], place)
            elif name in before and name not in after:
                self.say(
                    place,
                    "removed",
                    breaks=True,
                    reason="it is not declared any more: its content would be lost",
                )
        if rest == NOTHING and rest_before != NOTHING:
            self.say(path, "narrowed", breaks=True, reason="no other keys are allowed any more")
        elif rest_before == NOTHING and rest != NOTHING:
            self.say(path, "widened", breaks=False, reason="other keys are allowed")
        elif not equal(rest_before, rest) or "$ref" in str(rest):
            self.compare(rest_before, rest, f"{path}/*")

    def _lists(self, old: Found, new: Found, path: str) -> None:
        if not equal(old.get("prefixItems"), new.get("prefixItems")):
            self.say(path, "changed", breaks=True, reason="`prefixItems` changed, which is not compared")
        if not equal(old.get("items", {}), new.get("items", {})) or "$ref" in str(old.get("items")):
            self.compare(old.get("items", {}), new.get("items", {}), f"{path}/*")


def _alike(old: Found, new: Found) -> bool:
    return old.get("type") is not None and old.get("type") == new.get("type")


def _definitions(root: Mapping[str, Any]) -> Found:
    return {word: root.get(word) for word in sorted(DEFINITIONS)}


def _shown(values: list[Any]) -> str:
    return ", ".join(json.dumps(value, ensure_ascii=False)[:60] for value in values[:8])
