"""Where every key and value of a TOML text stands, so that a complaint can name its line.

`tomllib` gives values without positions. This scanner reads a text that `tomllib` has already accepted, so it
only follows the structure (headers, dotted and quoted keys, strings, arrays, inline tables), never judges it.
"""

from __future__ import annotations

import re
import tomllib

KeyPath = tuple[str | int, ...]
"""Keys from the root down; an int is a position in an array."""

_BLANK = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_STRINGS = (
    re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}(?!")', re.DOTALL),
    re.compile(r"'''.*?'{3,5}(?!')", re.DOTALL),
    re.compile(r'"(?:[^"\\]|\\.)*"'),
    re.compile(r"'[^']*'"),
)


def locate(text: str) -> dict[KeyPath, int]:
    """Give the 1-based line of every table, key and array element of a valid TOML text.

    A table that only appears as a part of other keys gets the line where it first appears.
    """
    return _Scanner(text).scan()


class _Scanner:
    """One pass over a text; `position` is the next character to read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.lines: dict[KeyPath, int] = {}
        self.array_lengths: dict[KeyPath, int] = {}
        self._counted_to = 0
        self._line = 1

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self.position < len(self.text):
            if self.text.startswith("[", self.position):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self.lines

    def _header(self) -> KeyPath:
        is_array = self.text.startswith("[[", self.position)
        line = self._line_here()
        self.position += 2 if is_array else 1
        *parents, last = self._key()
        self.position += 2 if is_array else 1
        path = self._enter(tuple(parents))
        if is_array:
            index = self.array_lengths.get((*path, last), 0)
            self.array_lengths[(*path, last)] = index + 1
            path = (*path, last, index)
        else:
            path = self._enter((last,), path)
        self._record(path, line)
        return path

    def _enter(self, keys: tuple[str, ...], path: KeyPath = ()) -> KeyPath:
        """Follow keys down; an array of tables on the way means its newest table."""
        for key in keys:
            path = (*path, key)
            if path in self.array_lengths:
                path = (*path, self.array_lengths[path] - 1)
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line_here()
        path = (*table, *self._key())
        self._record(path, line)
        self.position += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> list[str]:
        """Read a dotted key and the blanks around it."""
        parts = []
        while True:
            self._skip(_SPACE)
            if self.text[self.position] in "\"'":
                raw = self._take(_STRINGS[2] if self.text[self.position] == '"' else _STRINGS[3])
                parts.append(str(tomllib.loads(f"key = {raw}")["key"]))
            else:
                parts.append(self._take(_BARE_KEY))
            self._skip(_SPACE)
            if not self.text.startswith(".", self.position):
                return parts
            self.position += 1

    def _value(self, path: KeyPath) -> None:
        opening = self.text[self.position]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        elif opening in "\"'":
            triple = self.text.startswith(opening * 3, self.position)
            self._take(_STRINGS["\"'".index(opening) + (0 if triple else 2)])
        else:
            self._skip(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self.position += 1
        index = 0
        self._skip(_BLANK)
        while not self.text.startswith("]", self.position):
            self._record((*path, index), self._line_here())
            self._value((*path, index))
            index += 1
            self._skip(_BLANK)
        self.position += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.position += 1
        self._skip(_BLANK)
        while not self.text.startswith("}", self.position):
            self._pair(path)
            self._skip(_BLANK)
        self.position += 1

    def _record(self, path: KeyPath, line: int) -> None:
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _line_here(self) -> int:
        self._line += self.text.count("\n", self._counted_to, self.position)
        self._counted_to = self.position
        return self._line

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.position)
        if found:
            self.position = found.end()

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.position)
        if found is None:
            raise ValueError(f"not valid TOML at character {self.position}")
        self.position = found.end()
        return found.group()
