"""Globs over relative POSIX paths.

`*` and `?` stay inside one name, `[...]` is a set, `**` stands for any number of folders. A name that begins
with a dot is matched only where the pattern writes the dot.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import translate as translate_name

_MAGIC = re.compile(r"[*?[]")


def has_magic(text: str) -> bool:
    """Whether the text is a glob rather than a plain path."""
    return _MAGIC.search(text) is not None


def split_base(pattern: str) -> tuple[str, str]:
    """Split a glob into the folder it starts from (may be empty) and the rest that holds wildcards."""
    parts = pattern.split("/")
    first = next(place for place, part in enumerate(parts) if has_magic(part))
    base = "/".join(parts[:first])
    return (base or "/" if first else base), "/".join(parts[first:])


@dataclass(frozen=True, slots=True)
class Glob:
    """A compiled glob that can also tell which folders are worth entering."""

    segments: tuple[re.Pattern[str] | None, ...]
    """One for each name; None stands for `**`."""

    @staticmethod
    def of(pattern: str) -> Glob:
        """Compile a pattern; a trailing `**` means every file below."""
        parts = [part for part in pattern.split("/") if part not in ("", ".")]
        if parts and parts[-1] == "**":
            parts.append("*")
        return Glob(tuple(None if part == "**" else _name(part) for part in parts))

    def matches(self, path: str) -> bool:
        """Whether the whole relative path matches."""
        return len(self.segments) in self._reach(path.split("/"))

    def may_hold(self, folder: str) -> bool:
        """Whether a path below this relative folder could match."""
        return any(place < len(self.segments) for place in self._reach(folder.split("/")))

    def _reach(self, names: Sequence[str]) -> set[int]:
        places = self._closed({0})
        for name in names:
            step: set[int] = set()
            for place in places:
                if place == len(self.segments):
                    continue
                segment = self.segments[place]
                if segment is None:
                    step.update({place} if not name.startswith(".") else ())
                elif segment.match(name):
                    step.add(place + 1)
            places = self._closed(step)
        return places

    def _closed(self, places: set[int]) -> set[int]:
        """Add the places reached because `**` may stand for no folder at all."""
        closed = set(places)
        for place in places:
            while place < len(self.segments) and self.segments[place] is None:
                place += 1
                closed.add(place)
        return closed


@dataclass(frozen=True, slots=True)
class Choice:
    """Patterns of `include` and `exclude`: with a `/` they match the whole path, else the last name in it."""

    names: tuple[re.Pattern[str], ...]
    paths: tuple[Glob, ...]

    @staticmethod
    def of(patterns: Sequence[str]) -> Choice:
        """Compile the patterns."""
        cleaned = [pattern.removeprefix("./").rstrip("/") for pattern in patterns]
        return Choice(
            tuple(_name(pattern) for pattern in cleaned if "/" not in pattern),
            tuple(Glob.of(pattern) for pattern in cleaned if "/" in pattern),
        )

    def __bool__(self) -> bool:
        return bool(self.names or self.paths)

    def matches(self, path: str, name: str) -> bool:
        """Whether a relative path, or its last name, matches one of the patterns."""
        return any(pattern.match(name) for pattern in self.names) or any(
            glob.matches(path) for glob in self.paths
        )


def _name(part: str) -> re.Pattern[str]:
    guard = "" if part.startswith(".") else r"(?!\.)"
    return re.compile(guard + translate_name(part))
