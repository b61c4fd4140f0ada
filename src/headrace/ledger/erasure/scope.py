"""What is to be forgotten: names, contents, and the texts by which it is recognised."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple

_MOST_ALTERNATIVES = 64
_WORDS = re.compile(r"[^\s'\"`,;()]+(?<![.:])")
_QUOTED = re.compile(r"'([^']+)'|\"([^\"]+)\"")

TOMBSTONE = "[erased]"
"""What stands where a forgotten text stood."""


class Target(NamedTuple):
    """One document."""

    corpus: str
    uri: str

    @property
    def name(self) -> str:
        """`<corpus>/<uri>`, as lineage and calls name it."""
        return f"{self.corpus}/{self.uri}"


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The documents of one erasure with everything known of them before it began."""

    targets: tuple[Target, ...]
    revisions: tuple[str, ...] = ()
    chunk_ids: tuple[str, ...] = ()
    text_hashes: tuple[str, ...] = ()
    """Of chunk texts; those that other documents share stay in the embedding store."""
    texts: tuple[str, ...] = ()
    """Canaries: passages, names and values that stand in no other document."""
    vectors: tuple[str, ...] = ()
    """Canaries: the first bytes of vectors, as hex."""
    spare_content: tuple[str, ...] = ()
    """Revisions that another document has too: its content may come in again."""
    subjects: tuple[str, ...] = ()
    """Users whose sessions, calls and signals go, beside the documents about them: keyed hashes."""
    entities: tuple[str, ...] = ()
    """Keys of entities whose features go."""

    def uris(self, corpus: str) -> list[str]:
        """URIs of one corpus."""
        return [target.uri for target in self.targets if target.corpus == corpus]

    @property
    def corpora(self) -> list[str]:
        """Corpora that hold a target."""
        return sorted({target.corpus for target in self.targets})

    @property
    def names(self) -> list[str]:
        """`<corpus>/<uri>` of each target."""
        return [target.name for target in self.targets]

    def to_json(self) -> str:
        """The scope as text, to be sealed and kept until the erasure is over."""
        return json.dumps(asdict(self) | {"targets": [list(target) for target in self.targets]})

    @classmethod
    def from_json(cls, text: str) -> Scope:
        """Read back what `to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        targets = tuple(Target(*pair) for pair in values["targets"])
        return cls(**{**values, **lists, "targets": targets})

    @cached_property
    def _uri(self) -> re.Pattern[str]:
        names = sorted({target.uri for target in self.targets}, key=len, reverse=True)
        # A name that goes on to either side is the name of something else: `a.md` is not `old/a.md`.
        before = "|".join([r"(?<![\w./-])", *(f"(?<={re.escape(corpus)}/)" for corpus in self.corpora)])
        return re.compile(rf"(?:{before})(?:{'|'.join(map(re.escape, names))})(?![\w-]|[./][\w-])")

    def in_text(self, text: str) -> bool:
        """Whether a text mentions one of the documents, or holds one of its canaries."""
        if any(canary in text for canary in self.texts):
            return True
        if not self.targets:
            return False
        if len(self.targets) <= _MOST_ALTERNATIVES:
            return bool(self._uri.search(text))
        # Too many for one pattern: look at what could be a name, whole, between quotes, or between spaces.
        parts = [text, *_WORDS.findall(text), *(part for pair in _QUOTED.findall(text) for part in pair)]
        return any(part in self._spellings for part in parts)

    @cached_property
    def _spellings(self) -> frozenset[str]:
        return frozenset(name for target in self.targets for name in (target.uri, target.name))


def mentions(value: Any, scope: Scope) -> bool:
    """Whether a text somewhere in JSON values mentions a document of the scope."""
    if isinstance(value, str):
        return scope.in_text(value)
    if isinstance(value, Mapping):
        return any(mentions(part, scope) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple):
        return any(mentions(part, scope) for part in value)
    return False


def without(value: Any, scope: Scope) -> Any:
    """JSON values in which each text that mentions a document of the scope is a tombstone."""
    if isinstance(value, str):
        return TOMBSTONE if scope.in_text(value) else value
    if isinstance(value, Mapping):
        return {without(key, scope): without(part, scope) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [without(part, scope) for part in value]
    return value
