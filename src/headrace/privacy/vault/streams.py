"""Puts values back into a stream, wherever its pieces cut a token."""

from __future__ import annotations

import re
from collections.abc import Callable

from headrace.privacy.vault.restoring import Resolve, in_string, plain, start_in_json
from headrace.privacy.vault.tokens import MOST_CHARACTERS, UNFINISHED, name_of, spellings


class VaultStream:
    """One stream. What could still become a token is held back, at most some 60 characters."""

    def __init__(self, resolve: Resolve, *, json: bool = False, at_end: Callable[[], None]) -> None:
        """`json`: the stream is one JSON text, such as the arguments of a tool call, to be escaped so."""
        self._resolve = resolve
        self._json = json
        self._at_end = at_end
        self._held = ""
        self._is_over = False

    def feed(self, piece: str) -> str:
        """Take a piece and give what is safe to pass on; the start of a possible token is held back."""
        self._held += piece
        found = UNFINISHED.search(self._held, max(0, len(self._held) - MOST_CHARACTERS))
        assert found is not None  # it matches the empty end as well
        cut = self._start_of(found.start())
        ready, self._held = self._held[:cut], self._held[cut:]
        return self._shown(ready)

    def finish(self) -> str:
        """What was held back."""
        ready, self._held = self._held, ""
        if not self._is_over:
            self._is_over = True
            shown = self._shown(ready)
            self._at_end()
            return shown
        return self._shown(ready)

    def _start_of(self, cut: int) -> int:
        if not self._json:
            return cut
        # The quotes around a token go with it where it stands for a number, and backslashes that escape it.
        before = self._held[:cut]
        return len(before.removesuffix('"').rstrip("\\"))

    def _shown(self, text: str) -> str:
        parts: list[str] = []
        at = 0
        for found in spellings(text):
            value = self._resolve(name_of(found))
            if value is None:
                continue
            start, end = start_in_json(found) if self._json else found.start(), found.end()
            if self._json and value.form == "bare" and _in_quotes(text, found):
                start, end = start - 1, end + 1
                parts += (text[at:start], value.text)
            else:
                parts += (text[at:start], in_string(found, value) if self._json else plain(value))
            at = end
        return "".join((*parts, text[at:])) if parts else text


def _in_quotes(text: str, found: re.Match[str]) -> bool:
    start, end = found.span()
    return text[start - 1 : start] == '"' and text[end : end + 1] == '"'
